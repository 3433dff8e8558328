"""Tests say something: each has a fact that can be false, in itself or in what it calls."""

import ast
from collections.abc import Iterator

from .conftest import ROOT

Function = ast.FunctionDef | ast.AsyncFunctionDef
SAYING = {
    "raises",
    "expect",
    "until",
    "eventually",
    "validate",
    "wait_for_url",
}  # all of them fail by themselves


def functions() -> Iterator[tuple[str, Function]]:
    """Of the tests and of what helps them, each with its file."""
    folders = ("*/tests", "*/*/tests", "tests", "libs/testkit/src")
    for file in {file for folder in folders for file in ROOT.glob(f"{folder}/**/*.py")}:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, Function):
                yield str(file.relative_to(ROOT)), node


def calls(node: Function) -> set[str]:
    found = [part.func for part in ast.walk(node) if isinstance(part, ast.Call)]
    return {func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "") for func in found}


def asserts(node: Function) -> bool:
    return any(isinstance(part, ast.Assert) for part in ast.walk(node))


def test_every_test_says_something() -> None:
    known = list(functions())
    saying = SAYING | {node.name for _, node in known if asserts(node)}
    while more := {node.name for _, node in known if calls(node) & saying} - saying:
        saying |= more
    tests = [(f"{file}::{node.name}", node) for file, node in known if node.name.startswith("test_")]
    assert len(tests) > 1000, "they are looked for where they are"
    assert [name for name, node in tests if not asserts(node) and not calls(node) & saying] == []
