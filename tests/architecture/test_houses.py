"""The rules of the house that can be seen by reading it: who imports whom, what stands where."""

import ast
import importlib
import importlib.util
import re
import statistics
import subprocess
import sysconfig
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from contracts.catalogue import SERVICES
from launcher.configuration import OUTSIDE
from launcher.manage import COMMON, OWNERS
from messaging.subscriptions import Subscription
from testkit.apps import settings_class

from .conftest import PROGRAMS, ROOT

ROOMS = [
    *(
        "app.py",
        "worker.py",
        "settings.py",
        "models.py",
        "cli.py",
        "consumers.py",
        "replicas.py",
        "policies.py",
        "queries.py",
    ),
    *("api", "actions", "migrations"),
]
MODULES = [
    file
    for folder in (ROOT / "gateway", *(ROOT / "libs").iterdir(), *(ROOT / "services").iterdir())
    for file in (folder / "src").rglob("*.py")
    if "migrations" not in file.parts
]
# Given by docker-compose.yml or by the supervisor, never by an operator.
INTERNAL = {
    "PORT",
    "NATS_URL",
    "SIGNING_KEY",
    "DATABASE_URL",
    *(f"{service.upper()}_URL" for service in SERVICES),
}


def source(service: str) -> Path:
    return ROOT / "services" / service / "src" / service


def named(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_the_import_contracts_hold() -> None:
    """Services independent, libraries layered, nothing imports the sandbox: declared in pyproject.toml."""
    command = [str(Path(sysconfig.get_path("scripts"), "lint-imports")), "--no-cache"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_actions_never_commit() -> None:
    files = [file for service in SERVICES for file in (source(service) / "actions").rglob("*.py")]
    assert files
    assert [named(file) for file in files if ".commit(" in file.read_text()] == []


def test_actions_reach_no_network() -> None:
    network = re.compile(r"^\s*(import|from) (httpx|aiohttp|kit\.http|kit\.github|nats)\b", re.M)
    files = [file for service in SERVICES for file in (source(service) / "actions").rglob("*.py")]
    assert [named(file) for file in files if network.search(file.read_text())] == []


def transactions(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Bodies of `async with …() as uow` blocks, and of functions that are given a `Uow`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncWith):
            names = [item.optional_vars for item in node.items]
            if any(isinstance(name, ast.Name) and name.id == "uow" for name in names):
                yield node.body
        elif isinstance(node, ast.AsyncFunctionDef):
            kinds = [argument.annotation for argument in node.args.args]
            if any(isinstance(kind, ast.Name) and kind.id == "Uow" for kind in kinds):
                yield node.body


@pytest.mark.parametrize("service", SERVICES)
def test_whatever_is_awaited_inside_a_transaction_is_given_the_transaction(service: str) -> None:
    """So that nobody waits for a network while holding a connection and its locks."""
    strangers = [
        f"{named(file)}:{node.lineno} {ast.unparse(node)}"
        for file in source(service).rglob("*.py")
        for body in transactions(ast.parse(file.read_text()))
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.Await) and "uow" not in ast.unparse(node)
    ]
    assert strangers == []


def redelivery_tests(service: str) -> list[str]:
    """Source of each test function that delivers again."""
    found = []
    folders = (ROOT / "services" / service / "tests", ROOT / "tests" / "services")
    for file in (file for folder in folders for file in folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                text = ast.unparse(node)
                if "redeliver" in text or re.search(r"times=[2-9]", text):
                    found.append(text)
    return found


SUBSCRIPTIONS: list[tuple[str, Subscription]] = [
    (service, subscription)
    for service in SERVICES
    for subscription in importlib.import_module(f"{service}.consumers").SUBSCRIPTIONS
]


@pytest.mark.parametrize(("service", "subscription"), SUBSCRIPTIONS, ids=[s.name for _, s in SUBSCRIPTIONS])
def test_every_subscription_has_a_redelivery_test(service: str, subscription: Subscription) -> None:
    words = (subscription.name, subscription.name.replace("-", "_"))
    assert any(word in text for text in redelivery_tests(service) for word in words)


def test_the_name_of_a_subscription_begins_with_its_service_and_is_its_own() -> None:
    names = [subscription.name for _, subscription in SUBSCRIPTIONS]
    assert len(set(names)) == len(names)
    assert all(subscription.name.startswith(f"{service}-") for service, subscription in SUBSCRIPTIONS)


def test_modules_stay_small() -> None:
    lengths = {named(file): len(file.read_text().splitlines()) for file in MODULES}
    assert {name: length for name, length in lengths.items() if length > 300} == {}
    assert statistics.median(lengths.values()) <= 70


def test_no_module_is_called_utils() -> None:
    assert [
        named(file) for file in MODULES if file.stem in {"utils", "util", "helpers", "common", "misc"}
    ] == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_rooms(service: str) -> None:
    assert [room for room in ROOMS if not (source(service) / room).exists()] == []
    assert (ROOT / "services" / service / "README.md").read_text().count("\n") > 15


def test_the_lock_file_knows_the_default_index_and_this_workspace_only() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]
    assert not {"index", "index-url", "extra-index-url", "find-links"} & set(project)
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    sources = [package["source"] for package in packages]
    assert {path for s in sources if "registry" not in s for path in s.values()} == {
        *project["workspace"]["members"],
        ".",
    }
    [registry] = {s["registry"] for s in sources if "registry" in s}
    assert re.fullmatch(r"https://[a-z]+\.org/simple", registry)
    files = [f for p in packages for f in [*p.get("wheels", []), p.get("sdist", {})] if f]
    [place] = {file["url"].partition("/packages/")[0] for file in files}
    assert re.fullmatch(r"https://files\.[a-z]+\.org", place)


def documented() -> set[str]:
    return set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (ROOT / "dotenv-sample").read_text(), re.M))


def test_the_sample_environment_documents_every_variable_of_every_program() -> None:
    fields = {field.upper() for name in PROGRAMS for field in settings_class(name).model_fields}
    assert sorted((fields | set(OUTSIDE)) - INTERNAL - documented()) == []


def test_the_sample_environment_names_no_variable_that_nobody_reads() -> None:
    fields = {field.upper() for name in PROGRAMS for field in settings_class(name).model_fields}
    compose = (ROOT / "docker-compose.yml").read_text()
    asked = set(re.findall(r"\$\{([A-Z_]+)", compose)) | set(re.findall(r"^ +([A-Z_]+):", compose, re.M))
    assert sorted(documented() - fields - asked) == []
    assert sorted(set(re.findall(r"\$\{([A-Z_]+)", compose)) - documented()) == []


def test_the_sample_environment_shows_the_defaults_of_the_settings() -> None:
    shown = dict(re.findall(r"^# ([A-Z][A-Z0-9_]+)=(.+)$", (ROOT / "dotenv-sample").read_text(), re.M))
    for name in PROGRAMS:
        for field, info in settings_class(name).model_fields.items():
            if (
                (text := shown.get(field.upper()))
                and isinstance(info.default, str | int | float)
                and info.default
            ):
                assert type(info.default)(text) == info.default, field


def test_a_sample_copied_as_it_is_sets_nothing() -> None:
    lines = (ROOT / "dotenv-sample").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []


def test_decisions_are_numbered_without_a_gap_and_have_the_same_parts() -> None:
    files = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(file.name[:4]) for file in files] == list(range(1, len(files) + 1))
    for file in files:
        text = file.read_text()
        assert text.startswith(f"# {int(file.name[:4])}. "), file.name
        assert re.findall(r"^## (.+)$", text, re.M) == ["Context", "Decision", "Consequences"], file.name


def test_the_readme_names_commands_that_exist() -> None:
    recipes = set(re.findall(r"^([a-z][a-z-]*)[^=\n]*:(?!=)", (ROOT / "justfile").read_text(), re.M))
    named_there = set(re.findall(r"\./just ([a-z][a-z-]*)", (ROOT / "README.md").read_text()))
    assert named_there - recipes == set()


def test_every_module_that_a_command_runs_exists() -> None:
    modules = re.findall(r"-m ([a-z_.]+)", (ROOT / "justfile").read_text())
    found = {name: importlib.util.find_spec(name) for name in modules}
    packages = {name for name, spec in found.items() if spec and spec.submodule_search_locations}
    found |= {f"{name}.__main__": importlib.util.find_spec(f"{name}.__main__") for name in packages}
    assert [name for name, spec in found.items() if spec is None] == []


def test_every_command_for_operators_can_be_called_by_its_own_name() -> None:
    """Those that every service has are called with the service's name before theirs."""
    found = {}
    for service in SERVICES:
        commands = typer.main.get_command(importlib.import_module(f"{service}.cli").commands)
        found |= {name: service for name in commands.commands if name not in COMMON}  # type: ignore[attr-defined]
    assert found == OWNERS
