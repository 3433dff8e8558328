"""What may be asked of jobs."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from clients.base import ServiceClient, query
from clients.identity import Hit


class Person(msgspec.Struct, frozen=True, kw_only=True):
    username: str
    fullname: str


class BackendRef(msgspec.Struct, frozen=True, kw_only=True):
    slug: str
    name: str


class WorkspaceRef(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    project_id: int
    project_slug: str
    project_name: str
    project_number: str | None = None
    repo_url: str = ""
    branch: str = ""
    is_archived: bool = False
    should_notify: bool = False


class BackendStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`missing`: not heard of for longer than its alert time-out."""

    slug: str
    name: str
    is_active: bool
    last_seen_at: datetime | None
    missing: bool
    paused: bool
    paused_since: datetime | None
    in_maintenance: bool
    maintenance_since: datetime | None
    pending: int
    running: int
    finished_last_day: list[int] = []  # per hour, the oldest first, 24 numbers


class ActionOption(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the run-jobs form, in file order."""

    name: str
    run: str
    needs: list[str]
    is_database: bool = False
    last_status: str | None = None  # display needs the code too
    last_status_code: str = ""
    last_finished_at: datetime | None = None
    last_request_id: int | None = None
    last_seconds: int | None = None
    blocked: str | None = None  # why it cannot be run


class RunForm(msgspec.Struct, frozen=True, kw_only=True):
    """`problem` says why nothing can be run (bad project.yaml, GitHub away …); `actions` may be empty."""

    workspace: WorkspaceRef
    backends: list[BackendStatus]  # those the caller may use
    selected_backend: str | None
    branch: str
    sha: str | None
    commit_message: str = ""
    commit_author: str = ""
    commit_at: datetime | None = None
    actions: list[ActionOption] = []
    problem: str | None = None
    problem_line: int | None = None
    codelists_ok: bool = True
    codelists_message: str | None = None


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
    submit_problem: str | None  # what the last try to send it said
    requested_actions: list[str]
    cancelled_actions: list[str]
    cancel_requested_at: datetime | None
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
    waiting_or_running_here: int = 0  # jobs of everybody on this backend (rulings 1.5.2)


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
    failed: int
    running: int
    pending: int
    org: str | None = None


class RequestList(msgspec.Struct, frozen=True, kw_only=True):
    """`counts` per display state, each at most 1,000 (then "1,000+"); `older`/`newer` are cursors or None.

    `backends` are the active ones, to choose from.
    """

    rows: list[RequestRow]
    backends: list[BackendRef] = []
    older: int | None = None
    newer: int | None = None
    counts: dict[str, int] = {}


class ActionResult(msgspec.Struct, frozen=True, kw_only=True):
    """The newest job of one action in a workspace, and the last eight, the newest last."""

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
    mine: list[RequestRow]
    everybody: list[RequestRow]


class JobRef(msgspec.Struct, frozen=True, kw_only=True):
    identifier: str
    request_id: int
    workspace: str
    project_slug: str


class RequestFilter(msgspec.Struct, frozen=True, kw_only=True):
    state: str | None = None  # a RequestStatus, or "active"
    backend: str | None = None
    org: str | None = None
    project: str | None = None
    workspace: str | None = None
    person: str | None = None
    since: str | None = None  # YYYY-MM-DD
    q: str | None = None  # part of an action, a job identifier, or a request id
    before: int | None = None
    after: int | None = None


class JobsClient(ServiceClient):
    async def run_form(
        self, workspace: str, *, backend: str | None = None, ref: str | None = None
    ) -> RunForm:
        """Takes seconds when GitHub is slow. Raises NotFound without `job_run`, Conflict if archived."""
        answer = await self._http.get(
            f"/workspaces/{quote(workspace, safe='')}/run-form",
            params=query(backend=backend, ref=ref),
            timeout=12,
        )
        return msgspec.json.decode(answer.body, type=RunForm)

    async def submit(
        self,
        workspace: str,
        *,
        backend: str,
        actions: list[str],
        sha: str,
        force_run_dependencies: bool,
        will_notify: bool,
        key: str,
    ) -> int:
        """The new request's id; the same `key` (one per shown form) never makes a second one.

        Raises Invalid with `fields` for wrong input.
        """
        answer: dict[str, Any] = await self._post(
            f"/workspaces/{quote(workspace, safe='')}/job-requests",
            dict,
            {
                "backend": backend,
                "requested_actions": actions,
                "sha": sha,
                "force_run_dependencies": force_run_dependencies,
                "will_notify": will_notify,
                "key": key,
            },
            timeout=15,
        )
        return int(answer["id"])

    async def request(self, request_id: int) -> JobRequest:
        return await self._get(f"/job-requests/{request_id}", JobRequest)

    async def definition(self, request_id: int) -> str:
        """The project.yaml it was submitted with; "" when none is kept."""
        return (await self._http.get(f"/job-requests/{request_id}/definition")).body.decode()

    async def cancel(self, request_id: int, actions: list[str] | None = None) -> list[str]:
        """The actions newly asked to stop. Raises Conflict when there is nothing to cancel."""
        answer: dict[str, Any] = await self._post(
            f"/job-requests/{request_id}/cancellation", dict, {"actions": actions}
        )
        return list(answer["actions"])

    async def requests(self, by: RequestFilter) -> RequestList:
        return await self._get("/job-requests", RequestList, query(**msgspec.structs.asdict(by)))

    async def workspace(self, name: str) -> WorkspaceJobs:
        return await self._get(f"/workspaces/{quote(name, safe='')}/jobs", WorkspaceJobs)

    async def last_activity(self, workspaces: list[str]) -> dict[str, datetime]:
        return await self._post("/last-activity", dict[str, datetime], {"workspaces": workspaces})

    async def home(self) -> Home:
        """Ten newest of everybody on active backends, five of the caller."""
        return await self._get("/home", Home)

    async def backends(self) -> list[BackendStatus]:
        return await self._get("/backends", list[BackendStatus])

    async def job(self, prefix: str, request_id: int | None = None) -> JobRef:
        """By identifier, or by its unique beginning within a request. Raises NotFound."""
        return await self._get("/job-refs", JobRef, query(identifier=prefix, request_id=request_id))

    async def search(self, text: str) -> list[Hit]:
        """Requests by id, jobs by (partial) identifier; `key` is request id or job identifier."""
        return await self._get("/search", list[Hit], query(q=text))
