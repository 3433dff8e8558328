"""Loading by key."""

from kit.errors import NotFound
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from projects.models import Project, Repo, Workspace


async def take_turn(session: AsyncSession) -> None:
    """Things are made one after the other, so that looking for what is taken before is enough."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext("projects.make"))))


async def project_by_slug(session: AsyncSession, slug: str) -> Project | None:
    found: Project | None = await session.scalar(select(Project).where(Project.slug == slug))
    return found


async def lock_workspace(session: AsyncSession, name: str) -> tuple[Workspace, str]:
    """(workspace, URL of its repo). Raises NotFound."""
    query = (
        select(Workspace, Repo.url)
        .join(Repo, Repo.id == Workspace.repo_id)
        .where(Workspace.name == name)
        .with_for_update(of=Workspace)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFound("There is no such workspace.")
    return row.Workspace, row.url
