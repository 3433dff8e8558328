"""What has not arrived here yet is asked of its owner once, and can be used at once."""

from collections.abc import Awaitable, Callable

from contracts.projects import WorkspaceState
from kit.db import Database
from messaging import owners
from messaging.owners import Lookup

from releases import queries, replicas


class Owners(owners.Owners):
    """For those who may make us ask: a backend's calls, and people who are looking at a page."""

    async def project_of_workspace(self, data: Database, name: str) -> int | None:
        """The id of its project; None when there is no such workspace anywhere. Raises Unavailable."""
        if (known := await queries.project_of_workspace(data, name)) is not None:
            return known
        return await self.workspace(name)

    async def workspace(self, name: str) -> int | None:
        """Fetches it with its project, whose id is returned. Raises Unavailable."""
        state = await self.ask(replicas.WORKSPACES, name=name)
        if not isinstance(state, WorkspaceState):
            return None
        await self.ask(replicas.PROJECTS, id=state.project_id)
        return state.project_id

    async def of_event(self, workspace: str, *usernames: str) -> bool:
        """Whether any of these is there after all; who cannot be asked now is taken for not knowing."""
        people = [Lookup(replicas.USERS, {"name": name}) for name in dict.fromkeys(usernames)]
        return await self.fetch_missing([Lookup(replicas.WORKSPACES, {"name": workspace}), *people])

    async def shown(self, workspace: str, find: Callable[[], Awaitable[str | None]]) -> str | None:
        """What `find` reads of a workspace, though copies of it or its project may still be missing."""
        if (found := await find()) is None and await self.workspace(workspace) is not None:
            found = await find()
        return found
