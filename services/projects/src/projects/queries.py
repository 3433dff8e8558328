"""Read models of projects: one statement per question, answered as JSON by PostgreSQL."""

from dataclasses import dataclass

from kit.db import Database, contains
from kit.errors import NotFound
from kit.lists import Where, numbered

_PROJECT = """
json_build_object('id', p.id, 'slug', p.slug, 'name', p.name, 'number', p.number, 'status', p.status,
  'created_at', p.created_at,
  'orgs', coalesce((select json_agg(json_build_object('id', o.id, 'slug', o.slug, 'name', o.name)
      order by c.is_lead desc, c.id)
    from project_collaborations c join known_orgs o on o.id = c.org_id where c.project_id = p.id), '[]'),
  'copilot', (select u.fullname from known_users u where u.id = p.copilot_id))
"""

_WORKSPACE = """
json_build_object('id', w.id, 'name', w.name, 'project_id', w.project_id, 'repo_url', r.url,
  'branch', w.branch, 'purpose', w.purpose, 'is_archived', w.is_archived, 'should_notify', w.should_notify,
  'created_at', w.created_at,
  'created_by', coalesce((select u.fullname || ' (' || u.username || ')' from known_users u
    where u.id = w.created_by_id), case when w.created_by like 'operator:%' then 'an operator'
    else w.created_by end))
"""

_PROJECT_PAGE = f"""
select json_build_object('project', {_PROJECT}, 'workspaces',
  coalesce((select json_agg({_WORKSPACE} order by w.is_archived, w.name)
    from workspaces w join repos r on r.id = w.repo_id
    where w.project_id = p.id and ($2 or not w.is_archived)), '[]'))
from projects p where p.slug = $1
"""

_WORKSPACE_PAGE = f"""
select json_build_object('project', {_PROJECT}, 'workspace', {_WORKSPACE})
from workspaces w join repos r on r.id = w.repo_id join projects p on p.id = w.project_id
where w.name = $1 and ($2 or not w.is_archived)
"""

_PROJECT_ROW = """
json_build_object('id', p.id, 'slug', p.slug, 'name', p.name, 'number', p.number,
  'lead_org', (select o.name from project_collaborations c
    join known_orgs o on o.id = c.org_id where c.project_id = p.id order by c.is_lead desc, c.id limit 1),
  'workspaces', (select count(*) from workspaces w where w.project_id = p.id and not w.is_archived))
"""

_WORKSPACE_ROW = """
json_build_object('id', w.id, 'name', w.name, 'project_id', w.project_id,
  'project_slug', p.slug, 'project_name', p.name, 'repo_url', r.url, 'branch', w.branch,
  'is_archived', w.is_archived, 'created_at', w.created_at)
"""
_OF_WORKSPACE = "join projects p on p.id = w.project_id join repos r on r.id = w.repo_id"

_OF_ORG = """
p.id in (select c.project_id from project_collaborations c join known_orgs o on o.id = c.org_id
  where o.slug ilike {} or o.name ilike {})
"""

PROJECT_SORTS = {
    "name": "lower(p.name), p.id",
    # Plain ones as numbers, which have no zeros before them, then those like POS-2025-2001.
    "number": "starts_with(p.number, 'POS') nulls last, length(p.number), p.number, p.id",
    "newest": "p.created_at desc, p.id desc",
}
WORKSPACE_SORTS = {"name": "w.is_archived, w.name", "newest": "w.created_at desc, w.id desc"}

_SEARCH = """
select coalesce(json_agg(x), '[]') from (
  (select 'project' as kind, slug as key, coalesce(number || ' - ', '') || name as title, '' as detail
   from projects where name ilike $1 or slug ilike $1 or number = $2
   order by slug = $2 desc, lower(name), id limit 10)
  union all
  (select 'workspace', p.slug || '/' || w.name, w.name, p.name from workspaces w
   join projects p on p.id = w.project_id where w.name ilike $1 and not w.is_archived
   order by w.name = lower($2) desc, w.name limit 10)) x
"""


async def project(database: Database, slug: str, *, archived: bool) -> str:
    return _found(await database.fetchval(_PROJECT_PAGE, slug, archived), "project")


async def workspace(database: Database, name: str, *, archived: bool) -> str:
    return _found(await database.fetchval(_WORKSPACE_PAGE, name, archived), "workspace")


@dataclass(frozen=True)
class ProjectFilter:
    ids: list[int] | None = None  # of the caller's projects, or None for everybody's
    q: str = ""
    org: str = ""
    sort: str = "name"


@dataclass(frozen=True)
class WorkspaceFilter:
    project_ids: list[int] | None = None
    q: str = ""
    archived: bool | None = None  # None for both
    sort: str = "name"


async def projects(database: Database, by: ProjectFilter, page: int, size: int) -> str:
    where = Where()
    if by.ids is not None:
        where.add("p.id = any({}::bigint[])", by.ids)
    if by.q:
        text = contains(by.q)
        where.add("(p.name ilike {} or p.slug ilike {} or p.number ilike {})", text, text, text)
    if by.org:
        where.add(_OF_ORG, contains(by.org), contains(by.org))
    sql = numbered("projects p", _PROJECT_ROW, "", where, PROJECT_SORTS[by.sort], page, size)
    return str(await database.fetchval(sql, *where.args))


async def workspaces(database: Database, by: WorkspaceFilter, page: int, size: int) -> str:
    where = Where()
    if by.project_ids is not None:
        where.add("w.project_id = any({}::bigint[])", by.project_ids)
    if by.q:
        where.add("w.name ilike {}", contains(by.q))
    if by.archived is not None:
        where.add("w.is_archived = {}", by.archived)
    sql = numbered("workspaces w", _WORKSPACE_ROW, _OF_WORKSPACE, where, WORKSPACE_SORTS[by.sort], page, size)
    return str(await database.fetchval(sql, *where.args))


async def search(database: Database, text: str) -> str:
    return str(await database.fetchval(_SEARCH, contains(text), text))


def _found(answer: str | None, what: str) -> str:
    if answer is None:
        raise NotFound(f"There is no such {what}.")
    return answer
