"""The parts of a workspace page."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from clients.jobs import ActionResult, WorkspaceJobs
from contracts.statuses import display

from gateway.web.format import Pill, When, plural, status_pill, when

_HEIGHTS = {"succeeded": 16, "failed": 16, "running": 10, "waiting": 6}


class Tick(msgspec.Struct, frozen=True):
    x: int
    y: int
    height: int
    state: str


class ActionCell(msgspec.Struct, frozen=True):
    backend: str
    commit: str
    action: str
    url: str
    pill: Pill
    when: When | None
    history: list[Tick]
    history_label: str


def workspace_pill(archived: bool, jobs: WorkspaceJobs | None) -> Pill | None:
    if archived:
        return Pill("idle", "Archived", "inbox-stack")
    if jobs is None:
        return None
    if jobs.current:
        return Pill("running", f"{plural(len(jobs.current), 'request')} under way", "arrow-path")
    failed = sum(display(a.status, a.status_code).state == "failed" for a in jobs.actions)
    if failed:
        return Pill("failed", f"{plural(failed, 'action')} failed", "x-circle")
    return Pill("succeeded", "All succeeded", "check-circle") if jobs.actions else None


def action_cells(actions: Sequence[ActionResult], url: str, now: datetime) -> list[ActionCell]:
    return [
        ActionCell(
            backend=a.backend.name,
            commit=a.sha[:7],
            action=a.action,
            url=f"{url}{a.request_id}/{a.identifier}/",
            pill=status_pill(a.status, a.status_code),
            when=when(a.at, now),
            history=_ticks(a.history),
            history_label=f"{a.history.count('succeeded')} of the last {len(a.history)} succeeded",
        )
        for a in actions
    ]


def _ticks(history: Sequence[str]) -> list[Tick]:
    """The newest at the right; height differs too, not only colour."""
    first = 8 - len(history)
    return [
        Tick(
            (first + i) * 7,
            18 - _HEIGHTS.get(status, 4),
            _HEIGHTS.get(status, 4),
            status,
        )
        for i, status in enumerate(history[-8:])
    ]
