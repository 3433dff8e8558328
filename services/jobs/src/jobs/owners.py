"""What has not arrived here yet is asked of its owner once, for whoever looks or submits."""

from collections.abc import Awaitable, Callable

from contracts.projects import WorkspaceState
from kit.db import Database
from kit.errors import NotFound, Unavailable
from messaging import owners

from jobs import replicas

_ABOUT = """
select workspace, project_id, exists (select from known_workspaces w where w.id = r.workspace_id)
  and exists (select from known_projects p where p.id = r.project_id) as known
from job_requests r where id = $1
"""
_OF_JOB = "select job_request_id from jobs where identifier = $1"


class Owners(owners.Owners):
    async def workspace(self, name: str) -> WorkspaceState | None:
        """With its project; None when nobody knows it. Raises Unavailable."""
        state = await self.ask(replicas.WORKSPACES, name=name)
        if not isinstance(state, WorkspaceState):
            return None
        await self.ask(replicas.PROJECTS, id=state.project_id)
        return state

    async def shown(
        self, data: Database, request_id: int, find: Callable[[], Awaitable[str | None]]
    ) -> str | None:
        """What `find` reads of a request, though copies of its workspace or project may still be missing.

        None when there is no such thing; raises Unavailable when there is one that cannot be shown yet.
        """
        if (found := await find()) is not None:
            return found
        rows = await data.fetch(_ABOUT, request_id)
        if not rows or rows[0]["known"]:
            return None
        if await self.workspace(rows[0]["workspace"]) is None:
            await self.ask(replicas.PROJECTS, id=rows[0]["project_id"])
        if (found := await find()) is None:
            raise Unavailable("This request cannot be shown just now. Try again in a minute.")
        return found

    async def of_job(self, data: Database, identifier: str) -> int:
        """The request it belongs to. Raises NotFound."""
        found: int | None = await data.fetchval(_OF_JOB, identifier)
        if found is None:
            raise NotFound("There is no such job.")
        return found
