"""Loading by key with the lock the caller needs."""

from contracts.projects import WorkspaceState
from kit.errors import NotFound
from kit.http import Client
from messaging.replicas import on_miss
from messaging.uow import Units
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from jobs import consumers
from jobs.models import JobRequest, KnownWorkspace


async def lock_request(session: AsyncSession, request_id: int) -> JobRequest:
    query = select(JobRequest).where(JobRequest.id == request_id).with_for_update()
    if (found := await session.scalar(query)) is None:
        raise NotFound("There is no such job request.")
    return found


async def workspace(session: AsyncSession, name: str) -> KnownWorkspace | None:
    found: KnownWorkspace | None = await session.scalar(
        select(KnownWorkspace).where(KnownWorkspace.name == name)
    )
    return found


async def workspace_or_ask(units: Units, projects: Client, name: str) -> KnownWorkspace:
    """A workspace made a moment ago is asked of its owner once. Raises NotFound."""
    async with units() as uow:
        if found := await workspace(uow.session, name):
            return found
    state = await on_miss(units, consumers.WORKSPACES, projects, {"name": name})
    if not isinstance(state, WorkspaceState):
        raise NotFound("There is no such workspace.")
    await on_miss(units, consumers.PROJECTS, projects, {"id": state.project_id})
    async with units() as uow:
        if found := await workspace(uow.session, name):
            return found
    raise NotFound("There is no such workspace.")
