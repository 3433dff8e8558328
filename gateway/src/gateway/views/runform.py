"""The run-jobs form."""

from collections.abc import Collection
from datetime import datetime

import msgspec
from clients.jobs import ActionOption, RunForm
from contracts.statuses import display

from gateway.graph import depths
from gateway.views.format import Pill, When, duration, name_parts, status_pill, when
from gateway.views.status import BackendCard, backend_cards

RUN_ALL = "run_all"


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
    note: str
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
            "all": sum(not row.note for row in rows),
            "failed": sum(row.failed for row in rows),
            "never": sum(not row.last and not row.note for row in rows),
        },
    )


def _row(action: ActionOption, depth: int, checked: bool, now: datetime) -> ActionRow:
    state = display(action.last_status, action.last_status_code).state
    return ActionRow(
        name=action.name,
        parts=name_parts(action.name),
        depth=depth,
        needs=action.needs,
        last=action.last_status or "",
        failed=state == "failed",
        pill=status_pill(action.last_status, action.last_status_code),
        when=when(action.last_finished_at, now),
        usual=duration(action.last_seconds),
        blocked=action.blocked or "",
        note="" if action.run or action.name != RUN_ALL else "Everything that has not succeeded yet.",
        checked=checked and not action.blocked,
    )
