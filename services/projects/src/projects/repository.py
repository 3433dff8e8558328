"""Loading by key."""

from kit.errors import NotFound
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from projects.models import Collaboration, Project, Repo, Workspace


async def lock_creation(session: AsyncSession) -> None:
    """Things are made one after the other, so that looking for what is taken before is enough."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext("projects.make"))))


async def project_by_slug(session: AsyncSession, slug: str) -> Project | None:
    found: Project | None = await session.scalar(select(Project).where(Project.slug == slug))
    return found


async def lock_project(session: AsyncSession, slug: str) -> Project:
    """Raises NotFound."""
    found: Project | None = await session.scalar(
        select(Project).where(Project.slug == slug).with_for_update()
    )
    if found is None:
        raise NotFound(f"There is no project {slug}.")
    return found


async def org_ids(session: AsyncSession, project_id: int) -> list[int]:
    """The one that leads first."""
    query = (
        select(Collaboration.org_id)
        .where(Collaboration.project_id == project_id)
        .order_by(Collaboration.is_lead.desc(), Collaboration.id)
    )
    return list(await session.scalars(query))


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
