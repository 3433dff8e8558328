"""Loading by key with the lock the caller needs."""

from kit.errors import NotFound
from messaging.uow import Units
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from jobs.models import JobRequest, KnownProject, KnownWorkspace
from jobs.owners import Owners


async def lock_request(session: AsyncSession, request_id: int) -> JobRequest:
    query = select(JobRequest).where(JobRequest.id == request_id).with_for_update()
    if (found := await session.scalar(query)) is None:
        raise NotFound("There is no such job request.")
    return found


async def workspace(session: AsyncSession, name: str) -> KnownWorkspace | None:
    """None until its project is known too."""
    found: KnownWorkspace | None = await session.scalar(
        select(KnownWorkspace)
        .join(KnownProject, KnownProject.id == KnownWorkspace.project_id)
        .where(KnownWorkspace.name == name)
    )
    return found


async def workspace_or_ask(units: Units, owners: Owners, name: str) -> KnownWorkspace:
    """A workspace made a moment ago is asked of its owner once. Raises NotFound."""
    async with units() as uow:
        if found := await workspace(uow.session, name):
            return found
    if await owners.workspace(name) is not None:
        async with units() as uow:
            if found := await workspace(uow.session, name):
                return found
    raise NotFound("There is no such workspace.")
