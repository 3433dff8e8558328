"""The body of `rap/create/` (RAP9 to RAP12)."""

from typing import Any

from messaging.owners import require
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from jobs import replicas

_FACTS = text("""
select r.created_by_id, r.project_id, r.rap_id, r.backend, r.workspace, w.repo_url, r.branch, r.sha,
  r.requested_actions, r.codelists_ok, r.force_run_dependencies, u.username, p.slug,
  coalesce((select array_agg(o.slug order by array_position(p.org_ids, o.id)) from known_orgs o
    where o.id = any(p.org_ids)), '{}') as orgs
from job_requests r left join known_workspaces w on w.id = r.workspace_id
left join known_users u on u.id = r.created_by_id left join known_projects p on p.id = r.project_id
where r.id = :id
""")


async def create_body(session: AsyncSession, request_id: int, scope: dict[str, list[str]]) -> dict[str, Any]:
    """Raises MissingReplica while a replica has not yet heard of the workspace, user or project."""
    row = (await session.execute(_FACTS, {"id": request_id})).one()
    require(
        (row.repo_url, replicas.WORKSPACES, {"name": row.workspace}),
        (row.username, replicas.USERS, {"id": row.created_by_id}),
        (row.slug, replicas.PROJECTS, {"id": row.project_id}),
    )
    return {
        "rap_id": row.rap_id,
        "backend": row.backend,
        "workspace": row.workspace,
        "repo_url": row.repo_url,
        "branch": row.branch,
        "commit": row.sha,
        "database_name": "default",
        "requested_actions": row.requested_actions,
        "codelists_ok": row.codelists_ok,
        "force_run_dependencies": row.force_run_dependencies,
        "created_by": row.username,
        "project": row.slug,
        "orgs": row.orgs,
        "analysis_scope": scope,
    }
