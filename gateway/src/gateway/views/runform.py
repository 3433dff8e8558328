"""The run-jobs form."""

from collections.abc import Collection
from datetime import datetime

import msgspec
from clients.jobs import ActionOption, RunForm

from gateway.graph import depths
from gateway.views.format import Pill, When, duration, name_parts, status_pill, when
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
    depth = depths({a.name: a.needs for a in form.actions})
    rows = [_row(action, min(depth[action.name], 4), action.name in ticked, now) for action in form.actions]
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
    return ActionRow(
        name=action.name,
        parts=name_parts(action.name),
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
