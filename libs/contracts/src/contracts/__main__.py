"""`python -m contracts`: the catalogue of events as Markdown, for docs/events.md."""

import inspect
from collections.abc import Iterator

import msgspec

from contracts.base import Event, State
from contracts.catalogue import FACTS, STATES

_INTRO = """# Events

Made by `./just events` from `libs/contracts`; a test keeps it current. Every message is a CloudEvent whose
`data` has the fields below. Facts say what happened; states say how a thing is now, the newest version wins.
"""


def lines() -> Iterator[str]:
    """The document, line by line."""
    yield _INTRO
    for title, kinds in (("Facts", FACTS), ("States", STATES)):
        yield f"## {title}\n"
        for kind in kinds.values():
            yield from _section(kind)


def _section(kind: type[Event] | type[State]) -> Iterator[str]:
    subject = f"state.{kind.thing}.v1.<id>" if issubclass(kind, State) else kind.subject
    yield f"### `{subject}`\n"
    yield f"{kind.__name__}, said by {subject.removeprefix('state.').split('.')[0]}.\n"
    if said := inspect.cleandoc(kind.__doc__ or ""):
        yield said + "\n"
    yield "| field | type | when absent |"
    yield "|---|---|---|"
    for field in msgspec.structs.fields(kind):
        default = "" if field.required else f"`{_default(field)!r}`"
        yield f"| `{field.name}` | {_type(field.type)} | {default or 'required'} |"
    yield ""


def _default(field: msgspec.structs.FieldInfo) -> object:
    if field.default is not msgspec.NODEFAULT:
        return field.default
    return field.default_factory() if callable(field.default_factory) else None


def _type(kind: object) -> str:
    text = kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__origin__") else str(kind)
    return "`" + text.replace("contracts.", "").replace("|", "or") + "`"


if __name__ == "__main__":
    print("\n".join(lines()))
