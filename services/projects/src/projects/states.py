"""What projects' things look like now, for other services' replicas."""

from collections.abc import Mapping, Sequence

from contracts.base import State
from messaging.states import Source
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from projects.models import Collaboration, Project, Repo, Workspace

_ORGS = (
    select(
        func.array_agg(
            aggregate_order_by(Collaboration.org_id, Collaboration.is_lead.desc(), Collaboration.id)
        )
    )
    .where(Collaboration.project_id == Project.id)
    .scalar_subquery()
)


async def projects(session: AsyncSession, after: int, limit: int, key: Mapping[str, str]) -> Sequence[State]:
    query = select(Project, _ORGS).where(Project.id > after).order_by(Project.id).limit(limit)
    for name, value in key.items():
        query = query.where(Project.id == int(value) if name == "id" else Project.slug == value)
    return [project.state(org_ids or []) for project, org_ids in await session.execute(query)]


async def workspaces(
    session: AsyncSession, after: int, limit: int, key: Mapping[str, str]
) -> Sequence[State]:
    query = select(Workspace, Repo.url).join(Repo, Repo.id == Workspace.repo_id)
    query = query.where(Workspace.id > after).order_by(Workspace.id).limit(limit)
    for name, value in key.items():
        query = query.where(Workspace.id == int(value) if name == "id" else Workspace.name == value)
    return [workspace.state(url) for workspace, url in await session.execute(query)]


SOURCES: dict[str, Source] = {"project": projects, "workspace": workspaces}
