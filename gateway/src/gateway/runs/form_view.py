"""The run-jobs form."""

from collections.abc import Collection
from datetime import datetime
from urllib.parse import urlencode

import msgspec
from clients.jobs import ActionOption, JobRequest, RunForm
from contracts.statuses import display

from gateway.runs.graph import depths
from gateway.web.backends import BackendCard, backend_cards
from gateway.web.format import Pill, When, duration, name_parts, plural, status_pill, when

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
    held: int | None
    older: str
    checked: bool


class AgainView(msgspec.Struct, frozen=True):
    """What is different from the request that is run again."""

    id: int
    moved: str
    other_url: str  # the same with the commit that was run then
    closed: str


def again_view(form: RunForm, earlier: JobRequest, kind: str) -> AgainView:
    moved = other = closed = ""
    if form.sha and form.sha != earlier.sha:
        count = form.commits_since
        moved = f"{plural(count, 'commit')} since request {earlier.id}" if count else "The code is another"
        other = f"run-jobs/{earlier.sha}/?{urlencode({'again': kind or 'all', 'request': earlier.id})}"
    if earlier.backend.slug not in {backend.slug for backend in form.backends}:
        closed = f"Request {earlier.id} ran on {earlier.backend.name}, which you may not use. Choose another."
    return AgainView(earlier.id, moved, other, closed)


class RunView(msgspec.Struct, frozen=True):
    url: str
    backends: list[BackendCard]
    rows: list[ActionRow]
    committed: When | None
    where: str  # name of the backend whose results are shown
    count: int


def run_view(form: RunForm, ticked: Collection[str], now: datetime) -> RunView:
    depth = depths({a.name: a.needs for a in form.actions})
    ticked = set(ticked)
    rows = [
        _row(action, min(depth[action.name], 4), action.name in ticked, form.sha, now)
        for action in form.actions
    ]
    return RunView(
        url=f"/{form.workspace.project_slug}/{form.workspace.name}/",
        backends=backend_cards(form.backends, now),
        rows=rows,
        where=next((b.name for b in form.backends if b.slug == form.selected_backend), ""),
        committed=when(form.commit_at, now),
        count=sum(not row.note for row in rows),
    )


def _older(action: ActionOption, sha: str | None) -> str:
    """The commit of a result that is not of the code on this page."""
    return (action.last_sha or "")[:7] if action.last_sha != sha else ""


def _row(action: ActionOption, depth: int, checked: bool, sha: str | None, now: datetime) -> ActionRow:
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
        held=action.last_request_id if state in {"waiting", "running"} else None,
        older=_older(action, sha),
        checked=checked and not action.blocked,
    )
