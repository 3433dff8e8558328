"""project.yaml is read as the real pipeline library reads it."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jobs.pipeline import PipelineError, parse
from testkit.wire import SHARED

FOLDER = SHARED / "data" / "project-yaml"
LABELS: dict[str, Any] = json.loads((FOLDER / "labels.json").read_text()) if FOLDER.exists() else {}


def test_the_files_are_there(shared: Path) -> None:
    assert len(LABELS) >= 50


@pytest.mark.parametrize("name", sorted(LABELS))
def test_a_real_file_is_read_or_refused_as_labelled(name: str) -> None:
    label = LABELS[name]
    with (FOLDER / name).open(newline="") as file:
        text = file.read()
    if not label["valid"]:
        with pytest.raises(PipelineError) as refusal:
            parse(text)
        assert refusal.value.kind == label["error"]["kind"]
        assert str(refusal.value)
        return
    found = parse(text)
    assert found.version == label["version"]
    actions = [
        {"name": a.name, "needs": list(a.needs), "is_database_action": a.is_database} for a in found.actions
    ]
    wanted = [{key: action[key] for key in actions[0]} for action in label["actions"]]
    assert actions == wanted


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
@example("{")
@example("version: 4\nactions: [*a]")
@example("version: 4\nactions: &a\n  x: *a")
@example("a: &a [*b, *b]\nb: &b [*a]")
@example("!!python/object/apply:os.system ['true']")
@example("version: 4\n? [a]\n: b")
def test_whatever_is_in_the_file_the_answer_is_a_pipeline_or_a_reason(text: str) -> None:
    with contextlib.suppress(PipelineError):
        assert parse(text).actions


def test_a_file_of_nested_aliases_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(PipelineError):
        parse("\n".join([*lines, "version: 4", "actions: *a11"]))
