"""Requests, their jobs and lists of them, as jobs answers them."""

from datetime import datetime
from typing import Any

import msgspec

from clients.jobs.running import BackendRef, Person, WorkspaceRef


class Job(msgspec.Struct, frozen=True, kw_only=True):
    identifier: str
    action: str
    run_command: str
    status: str
    status_code: str
    status_message: str
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    updated_at: datetime | None
    expected_seconds: int | None = None  # median of earlier succeeded runs of this action here
    metrics: dict[str, Any] | None = None


class PipelineAction(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    needs: list[str]


class RequestRef(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    sha: str


class CancelTrouble(msgspec.Struct, frozen=True, kw_only=True):
    """Why a cancel is not taken; when it is `given_up` the jobs go on."""

    trouble: str
    given_up: bool
    detail: str | None = None  # for staff


class JobRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request with its jobs: the whole page in one answer."""

    id: int
    rap_id: str
    workspace: WorkspaceRef
    backend: BackendRef
    created_by: Person
    created_at: datetime
    status: str
    status_message: str | None
    submitting: bool  # not yet accepted by the controller
    submit_trouble: str | None = None  # why the last try to send it failed, a kind of contracts.troubles
    submit_detail: str | None = None  # for staff: what was answered
    unknown_since: datetime | None = None  # the controller took it, and no longer says that it knows it
    requested_actions: list[str]
    cancelling: bool = False  # all of it that still waits or runs
    cancelling_actions: list[str] = []
    cancel: CancelTrouble | None = None
    cancel_requested_at: datetime | None = None
    force_run_dependencies: bool
    will_notify: bool
    sha: str
    commit_message: str  # its first line; "" when it is not known
    branch: str
    codelists_ok: bool
    started_at: datetime | None
    completed_at: datetime | None
    missing_updates: bool
    jobs: list[Job]
    pipeline: list[PipelineAction]
    previous: RequestRef | None = None
    previous_succeeded: RequestRef | None = None
    waiting_or_running_here: int = 0  # jobs of everybody on this backend (J50)


class RequestRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the event log."""

    id: int
    workspace: str
    project_slug: str
    project_name: str
    backend: BackendRef
    created_by: Person
    created_at: datetime
    status: str
    started_at: datetime | None
    completed_at: datetime | None
    jobs: int
    succeeded: int
    failed: int  # ran and failed; neither cancelled nor blocked
    cancelled: int = 0
    blocked: int = 0
    running: int
    pending: int
    org: str | None = None
    archived: bool = False  # its workspace


class RequestList(msgspec.Struct, frozen=True, kw_only=True):
    """`counts` per display state, each at most 1,000 (then "1,000+"); `older`/`newer` are cursors or None."""

    rows: list[RequestRow]
    older: int | None = None
    newer: int | None = None
    counts: dict[str, int] = {}


class ActionResult(msgspec.Struct, frozen=True, kw_only=True):
    """The newest job of an action on a backend, and the states of the last eight there, the newest last."""

    backend: BackendRef
    sha: str

    action: str
    status: str
    status_code: str
    at: datetime
    request_id: int
    identifier: str
    history: list[str] = []


class WorkspaceJobs(msgspec.Struct, frozen=True, kw_only=True):
    """The jobs' part of a workspace page."""

    actions: list[ActionResult]
    current: list[RequestRow]
    recent: list[RequestRow]


class Home(msgspec.Struct, frozen=True, kw_only=True):
    """The last two are the caller's: what failed since a time, and what has not begun."""

    mine: list[RequestRow]
    everybody: list[RequestRow]
    failed: list[RequestRow] = []
    waiting: list[RequestRow] = []


class JobRef(msgspec.Struct, frozen=True, kw_only=True):
    identifier: str
    request_id: int
    workspace: str
    project_slug: str


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    value: str  # a slug, a username, a workspace's name
    label: str


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What runs can be filtered by; None of what there is too much of to choose from a list."""

    backends: list[Choice] | None
    orgs: list[Choice] | None
    projects: list[Choice] | None
    workspaces: list[Choice] | None
    people: list[Choice] | None


class RequestFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Backend to person are a slug or username, a whole name, or part of one: then all that have it."""

    state: str | None = None  # a RequestStatus, or "active"
    backend: str | None = None
    org: str | None = None
    project: str | None = None
    workspace: str | None = None
    person: str | None = None
    since: str | None = None  # YYYY-MM-DD
    until: str | None = None  # the same; that day is the last
    of: str | None = None  # a workspace, by its exact name
    q: str | None = (
        None  # part of an action, the beginning of a job identifier or commit, a RAP or request id
    )
    before: int | None = None
    after: int | None = None
    limit: int | None = None  # rows, 500 at most
