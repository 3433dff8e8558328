"""YAML text into values, with the line of every mapping key: one pass over composed nodes (rulings 3.8)."""

import re
from datetime import date
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from jobs.pipeline.model import PipelineError

MAX_BYTES = 5 * 1024 * 1024
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9][0-9_]*|0o[0-7_]+|0x[0-9a-fA-F_]+|0b[01_]+")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9][0-9_]*|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})([Tt ].*)?")
_ALIAS = re.compile(r"\*([^\s,\[\]{}]+)")


class Mapping(dict[Any, Any]):
    """A mapping that remembers where each key stands."""

    lines: dict[Any, int]
    line: int


def read(text: str) -> Any:
    """The document's value: Mapping, list, str, int, float, bool, date or None. Raises PipelineError."""
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise PipelineError("too_large", "project.yaml is larger than 5 MB.")
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as exc:
        raise _explain(text, exc) from exc
    except (UnicodeEncodeError, ValueError) as exc:
        raise PipelineError(
            "yaml_syntax", f"project.yaml has characters that YAML does not allow: {exc}"
        ) from exc
    return None if node is None else _Builder().build(node)


def _explain(text: str, exc: yaml.YAMLError) -> PipelineError:
    """The parser's complaint in words, above all for tabs and for unquoted globs."""
    mark = getattr(exc, "problem_mark", None) or getattr(exc, "context_mark", None)
    line = mark.line + 1 if mark is not None else None
    problem = str(getattr(exc, "problem", "") or exc)
    source = text.splitlines()[mark.line] if mark is not None and mark.line < len(text.splitlines()) else ""
    if "\t" in source[: len(source) - len(source.lstrip())] or (
        ("tab" in problem and "start" in problem) or "'\\t'" in problem
    ):
        return PipelineError("tab_character", f"Line {line} is indented with a tab. Use spaces.", line)
    rest = source[mark.column :] if mark is not None else ""
    found = _ALIAS.match(rest) or _ALIAS.search(source)
    if found and ("alias" in problem or "alias" in str(getattr(exc, "context", ""))):
        return PipelineError(
            "undefined_alias",
            f"Line {line}: *{found[1]} names an anchor that does not exist. Quote values that start with *.",
            line,
        )
    column = mark.column + 1 if mark is not None else None
    return PipelineError("yaml_syntax", f"Line {line}, column {column}: {problem}.", line)


class _Builder:
    """Explicit stack-free for scalars, recursion bounded by depth; aliases share their value."""

    MAX_DEPTH = 3_000

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}

    def build(self, root: Node) -> Any:
        """Post-order over an explicit stack, so that deep files cannot exhaust Python's own."""
        stack: list[tuple[Node, bool]] = [(root, False)]
        while stack:
            if len(stack) > 2_000_000:
                raise PipelineError("yaml_syntax", "project.yaml is nested too deeply.")
            node, children_done = stack.pop()
            if id(node) in self._made and not children_done:
                continue
            if isinstance(node, ScalarNode):
                self._made[id(node)] = scalar(node)
            elif children_done:
                self._fill(node)
            else:
                self._made[id(node)] = Mapping() if isinstance(node, MappingNode) else []
                stack.append((node, True))
                stack += [(child, False) for child in reversed(_children(node))]
        return self._made[id(root)]

    def _fill(self, node: Node) -> None:
        made = self._made[id(node)]
        if isinstance(node, SequenceNode):
            made.extend(self._made[id(child)] for child in node.value)
            return
        made.line, made.lines = node.start_mark.line + 1, {}
        merged: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key, line = self._key(key_node), key_node.start_mark.line + 1
            value = self._made[id(value_node)]
            if key in made.lines:
                raise PipelineError(
                    "duplicate_key",
                    f"{key!r} stands twice: on line {made.lines[key]} and on line {line}.",
                    line,
                )
            made.lines[key] = line
            if key == "<<" and getattr(key_node, "style", None) is None:
                merged = self._merge(value, line)
            else:
                made[key] = value
        for key, value in merged.items():
            made.setdefault(key, value)

    def _key(self, node: Node) -> Any:
        value = self._made[id(node)]
        return value if isinstance(node, ScalarNode) else f"<{node.tag}>"

    def _merge(self, value: Any, line: int) -> dict[Any, Any]:
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(part, dict) for part in parts):
            raise PipelineError(
                "yaml_syntax", f"Line {line}: << takes a mapping or a list of mappings.", line
            )
        merged: dict[Any, Any] = {}
        for part in parts:
            merged = {**part, **merged}
        return merged


def _children(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value)


def scalar(node: ScalarNode) -> Any:
    """YAML 1.2 core types and dates: yes, no, on and off are words (spec/pipeline-rules.md §1)."""
    text: str = node.value
    if node.style is not None or (node.tag == "tag:yaml.org,2002:str" and not _plain_implicit(node)):
        return text
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return text[0] in "tT"
    if _INT.fullmatch(text):
        base = {"0o": 8, "0x": 16, "0b": 2}.get(text[:2], 10)
        return int(text.replace("_", ""), base) if len(text) < 4000 else text
    if _FLOAT.fullmatch(text):
        plain = text.replace("_", "").lower()
        return float(plain.replace(".inf", "inf").replace(".nan", "nan"))
    if found := _DATE.fullmatch(text):
        try:
            return date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError as exc:
            line = node.start_mark.line + 1
            raise PipelineError(
                "invalid_value", f"Line {line}: {text} is not a date. Quote it.", line
            ) from exc
    return text


def _plain_implicit(node: ScalarNode) -> bool:
    """Whether a plain scalar was resolved, not tagged by hand with !!str."""
    width = node.end_mark.index - node.start_mark.index
    return bool(width == len(node.value) or width == 0)
