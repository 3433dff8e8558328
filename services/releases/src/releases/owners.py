"""What has not arrived here yet is asked of its owner once, and can be used at once (architecture §3)."""

import asyncio

from contracts.projects import WorkspaceState
from kit.db import Database
from kit.http import Client
from messaging.replicas import on_miss
from messaging.uow import Units

from releases import consumers, queries


class Owners:
    """For those who may make us ask: a backend's calls, and people who are looking at a page."""

    def __init__(self, units: Units, identity: Client, projects: Client) -> None:
        self._units = units
        self._identity = identity
        self._projects = projects

    async def project_of_workspace(self, data: Database, name: str) -> int | None:
        """The id of its project; None when there is no such workspace anywhere. Raises Unavailable."""
        if (known := await queries.project_of_workspace(data, name)) is not None:
            return known
        return await self._workspace(name)

    async def _workspace(self, name: str) -> int | None:
        state = await on_miss(self._units, consumers.WORKSPACES, self._projects, {"name": name})
        if not isinstance(state, WorkspaceState):
            return None
        await on_miss(self._units, consumers.PROJECTS, self._projects, {"id": state.project_id})
        return state.project_id

    async def fill(self, workspace: str, *usernames: str) -> bool:
        """Whether any of these is there after all; who cannot be asked now is taken for not knowing."""
        people = [
            on_miss(self._units, consumers.USERS, self._identity, {"name": name}) for name in set(usernames)
        ]
        found = await asyncio.gather(self._workspace(workspace), *people, return_exceptions=True)
        return any(one is not None and not isinstance(one, BaseException) for one in found)
