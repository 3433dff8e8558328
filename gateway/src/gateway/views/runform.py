"""The run-jobs form."""

from collections.abc import Collection
from datetime import datetime

import msgspec
from clients.jobs import ActionOption, RunForm

from gateway.views.format import Pill, When, duration, status_pill, when
from gateway.views.status import BackendCard, backend_cards


class ActionRow(msgspec.Struct, frozen=True):
    name: str
    parts: list[str]
    depth: int
    needs: list[str]
    last: str
    failed: bool
    pill: Pill
    when: When | None
    usual: str
    blocked: str
    checked: bool


class RunView(msgspec.Struct, frozen=True):
    form: RunForm
    url: str
    backends: list[BackendCard]
    selected: str
    rows: list[ActionRow]
    committed: When | None
    counts: dict[str, int]


def run_view(form: RunForm, ticked: Collection[str], selected: str, now: datetime) -> RunView:
    depths = _depths({a.name: a.needs for a in form.actions})
    rows = [_row(action, min(depths[action.name], 4), action.name in ticked, now) for action in form.actions]
    return RunView(
        form=form,
        url=f"/{form.workspace.project_slug}/{form.workspace.name}/",
        backends=backend_cards(form.backends, now),
        selected=selected,
        rows=rows,
        committed=when(form.commit_at, now),
        counts={
            "all": len(rows),
            "failed": sum(row.failed for row in rows),
            "never": sum(not row.last for row in rows),
        },
    )


def _row(action: ActionOption, depth: int, checked: bool, now: datetime) -> ActionRow:
    pieces = action.name.split("_")
    return ActionRow(
        name=action.name,
        parts=[p + ("_" if i < len(pieces) - 1 else "") for i, p in enumerate(pieces)],
        depth=depth,
        needs=action.needs,
        last=action.last_status or "",
        failed=action.last_status == "failed",
        pill=status_pill(action.last_status, action.last_status_code),
        when=when(action.last_finished_at, now),
        usual=duration(action.last_seconds),
        blocked=action.blocked or "",
        checked=checked and not action.blocked,
    )


def _depths(needs: dict[str, list[str]]) -> dict[str, int]:
    """How deep each action stands below what it needs; pipelines have no cycles (the parser refuses them)."""
    found: dict[str, int] = {}
    for start in needs:
        stack = [start]
        while stack:
            name = stack[-1]
            missing = [n for n in needs[name] if n in needs and n not in found and n not in stack]
            if missing:
                stack.append(missing[0])
            else:
                found[name] = max((found.get(n, -1) + 1 for n in needs[name]), default=0)
                stack.pop()
    return found
