"""Messages stay readable for those who were written before them."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from contracts.__main__ import lines
from contracts.base import subject_of
from contracts.catalogue import FACTS, SERVICES, STATES
from contracts.routes import API_V2, owner_of

SNAPSHOT = Path(__file__).parents[1] / "events.json"
EVERY = {**FACTS, **{f"state.{thing}": state for thing, state in STATES.items()}}


def shapes() -> dict[str, dict[str, list[Any]]]:
    """{event: {field: [type, required]}}"""
    return {
        name: {field.name: [str(field.type), field.required] for field in msgspec.structs.fields(kind)}
        for name, kind in EVERY.items()
    }


def test_no_published_field_was_removed_changed_or_made_necessary() -> None:
    """`python libs/contracts/tests/unit/test_events.py` writes the snapshot after an addition."""
    before, now = json.loads(SNAPSHOT.read_text()), shapes()
    for event, fields in before.items():
        assert event in now, f"{event} is gone: publish a v2 beside it"
        for name, (kind, _) in fields.items():
            assert now[event].get(name, [None])[0] == kind, f"{event}.{name} changed"
        new = {name: required for name, (_, required) in now[event].items() if name not in fields}
        assert not any(new.values()), f"{event}: new fields need a default: {sorted(new)}"
    assert now == before, "an addition: write the snapshot anew"


def test_the_catalogue_in_the_documents_is_current() -> None:
    written = (Path(__file__).parents[4] / "docs" / "events.md").read_text()
    assert written.strip() == "\n".join(lines()).strip()


@pytest.mark.parametrize("name", sorted(EVERY))
def test_a_message_of_only_required_fields_survives_the_journey(name: str) -> None:
    samples: dict[Any, Any] = {int: 3, str: "text", bool: True, float: 1.5}
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(EVERY[name]):
        if field.required:
            values[field.name] = samples.get(field.type, [] if "list" in str(field.type) else {})
    try:
        made = msgspec.convert(values, EVERY[name])
    except msgspec.ValidationError as exc:
        pytest.fail(str(exc))
    again = msgspec.json.decode(msgspec.json.encode(made), type=EVERY[name])
    assert again == made
    assert subject_of(made).startswith(name)
    assert made.key()


def test_every_public_route_belongs_to_a_service() -> None:
    assert {service for service, _ in API_V2} <= set(SERVICES)
    assert owner_of("releases/authorise") == "releases"
    assert owner_of("workspaces/w/statuses/") == "jobs"
    assert owner_of("") is owner_of("nothing") is owner_of("../releases/authorise") is None


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(shapes(), indent=1, sort_keys=True) + "\n")
