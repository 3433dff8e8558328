"""YAML text into values, with the line of every mapping key: one pass over composed nodes (Y1 to Y5)."""

import math
import re
import reprlib
from datetime import date
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from jobs.pipeline.compose import compose
from jobs.pipeline.model import PipelineError

MAX_BYTES = 3_000_000
_INT = re.compile(r"[-+]?[0-9][0-9_]*|0o[0-7_]+|0x[0-9a-fA-F_]+|0b[01_]+")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9][0-9_]*|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_DATE = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(\.[0-9]*)?([ \t]*(Z|[-+][0-9]{1,2}(:?[0-9]{2})?))?)?"
)
_ALIAS = re.compile(r"\*([^\s,\[\]{}]+)")
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "null": (type(None),),
    "timestamp": (date,),
}
_TRUTH = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


_short = reprlib.Repr()
_short.maxlevel = 2


def shown(value: Any) -> str:
    """A value for a sentence; a file can hold one whose whole text would not fit in memory."""
    return _short.repr(value)


class ComplexKey:
    """A list or mapping that stands as a key: no rule allows one, but it must not hide behind another."""

    def __repr__(self) -> str:
        return "a list or mapping"


class Tagged:
    """A scalar with a tag that nobody knows: neither text nor number."""

    def __repr__(self) -> str:
        return "a value with an unknown tag"


class Mapping(dict[Any, Any]):
    """A mapping that remembers where each key stands."""

    lines: dict[Any, int]
    line: int


def read(text: str) -> Any:
    """The document's value: Mapping, list, str, int, float, bool, date or None. Raises PipelineError."""
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise PipelineError("too_large", f"project.yaml is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        node = compose(text)
    except yaml.reader.ReaderError as exc:
        raise _unreadable(text) from exc
    except yaml.YAMLError as exc:
        raise _explain(text, exc) from exc
    except UnicodeEncodeError as exc:
        raise _unreadable(text) from exc
    return None if node is None else _Builder().build(node)


def _unreadable(text: str) -> PipelineError:
    found = _CONTROL.search(text)
    before = text[: found.start() if found else 0]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return PipelineError(
        "yaml_syntax", f"Line {line}, column {column}: a character that YAML does not allow.", line
    )


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
    begun = getattr(exc, "context_mark", None)
    start = begun if begun is not None and mark is not None and begun.line == mark.line else mark
    found = _ALIAS.match(source[start.column :]) if start is not None else None
    if found and ("alias" in problem or "alias" in str(getattr(exc, "context", ""))):
        return PipelineError(
            "undefined_alias",
            f"Line {line}: *{found[1]} names an anchor that does not exist. Quote values that start with *.",
            line,
        )
    column = mark.column + 1 if mark is not None else None
    return PipelineError("yaml_syntax", f"Line {line}, column {column}: {problem}.", line)


class _Builder:
    """Aliases share their value, so that a file cannot grow when it is read."""

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}

    def build(self, root: Node) -> Any:
        """Post-order over an explicit stack, so that deep files cannot exhaust Python's own."""
        stack: list[tuple[Node, bool]] = [(root, False)]
        while stack:
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
                    f"{shown(key)} stands twice: on line {made.lines[key]} and on line {line}.",
                    line,
                )
            made.lines[key] = line
            if key == "<<" and not key_node.style:
                merged = self._merge(value, line)
            else:
                made[key] = value
        for key, value in merged.items():
            made.setdefault(key, value)

    def _key(self, node: Node) -> Any:
        return self._made[id(node)] if isinstance(node, ScalarNode) else ComplexKey()

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
    """YAML 1.2 core types and dates: yes, no, on and off are words (Y1)."""
    text: str = node.value
    if node.tag:
        return _tagged(node, text)
    return text if node.style else _plain(node, text)  # quoted and block ones are text


def _tagged(node: ScalarNode, text: str) -> Any:
    """What somebody tagged by hand."""
    kind = node.tag.removeprefix("tag:yaml.org,2002:")
    if kind in {"str", "!"}:
        return text
    if kind not in _TYPES:
        return Tagged()
    value = _TRUTH.get(text.lower()) if kind == "bool" else _plain(node, text)
    if not isinstance(value, _TYPES[kind]):
        line = node.start_mark.line + 1
        raise PipelineError("invalid_value", f"Line {line}: {shown(text)} is not a !!{kind}.", line)
    return value


def _plain(node: ScalarNode, text: str) -> Any:
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return text[0] in "tT"
    if _INT.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        plain = text.replace("_", "").lower()
        return math.nan if "nan" in plain else float(plain.replace(".inf", "inf"))
    if found := _DATE.fullmatch(text):
        try:
            return date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError as exc:
            line = node.start_mark.line + 1
            raise PipelineError(
                "invalid_value", f"Line {line}: {text} is not a date. Quote it.", line
            ) from exc
    return text


def _integer(text: str) -> int | float | str:
    """Beyond Python's limit of digits a number is infinite here: too large for every rule."""
    base = {"0o": 8, "0x": 16, "0b": 2}.get(text[:2], 10)
    digits = text.replace("_", "")
    if base != 10 and len(digits) == 2:
        return text
    return int(digits, base) if len(digits) < 4000 or base != 10 else math.inf
