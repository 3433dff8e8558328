"""What may be asked of jobs."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from clients.base import ServiceClient, query
from clients.identity import Hit
from clients.jobs.requests import (
    Choice,
    Choices,
    Home,
    JobRef,
    JobRequest,
    RequestFilter,
    RequestList,
    WorkspaceJobs,
)
from clients.jobs.running import BackendStatus, RunForm


class JobsClient(ServiceClient):
    async def run_form(
        self,
        workspace: str,
        *,
        backend: str | None = None,
        ref: str | None = None,
        since: str | None = None,
    ) -> RunForm:
        """`since`: a commit, to count those after it. Takes seconds when GitHub is slow.

        Raises PermissionDenied without `job_run`, Conflict if archived.
        """
        answer = await self._http.get(
            f"/workspaces/{quote(workspace, safe='')}/run-form",
            params=query(backend=backend, ref=ref, since=since),
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

    async def choices(self) -> Choices:
        return await self._get("/choices", Choices)

    async def find_choices(self, kind: str, text: str) -> list[Choice]:
        """Of backend, org, project, workspace or person those that have the text in their name, 20 at most.

        Raises NotFound for another kind.
        """
        return await self._get(f"/choices/{quote(kind, safe='')}", list[Choice], query(q=text))

    async def workspace(self, name: str) -> WorkspaceJobs:
        return await self._get(f"/workspaces/{quote(name, safe='')}/jobs", WorkspaceJobs)

    async def last_activity(self, workspaces: list[str]) -> dict[str, datetime]:
        return await self._post("/last-activity", dict[str, datetime], {"workspaces": workspaces})

    async def home(self, since: datetime | None = None) -> Home:
        """Ten newest of everybody on active backends, five of the caller."""
        return await self._get("/home", Home, query(since=since and since.isoformat()))

    async def backends(self) -> list[BackendStatus]:
        return await self._get("/backends", list[BackendStatus])

    async def job(self, identifier: str) -> JobRef:
        """Raises NotFound."""
        return await self._get("/job-refs", JobRef, query(identifier=identifier))

    async def search(self, text: str) -> list[Hit]:
        """Requests by id, jobs by (partial) identifier; `key` is request id or job identifier."""
        return await self._get("/search", list[Hit], query(q=text))
