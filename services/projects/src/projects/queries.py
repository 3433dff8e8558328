"""Read models of projects: one statement per question, answered as JSON by PostgreSQL."""

from kit.db import Database, contains
from kit.errors import NotFound

PER_PAGE = 25

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

# $1: ids of the caller's projects, or null for everybody's; $2: ilike pattern; $3: page from 1
_PROJECTS = """
with found as (
  select p.* from projects p
  where ($1::bigint[] is null or p.id = any($1)) and (p.name ilike $2 or p.slug ilike $2 or p.number ilike $2)
), page as (select * from found order by lower(name), id limit $4 offset ($3 - 1) * $4)
select json_build_object('page', $3, 'total', (select count(*) from found),
  'pages', greatest(1, ((select count(*) from found) + $4 - 1) / $4),
  'rows', coalesce((select json_agg(json_build_object('id', p.id, 'slug', p.slug, 'name', p.name,
      'number', p.number, 'lead_org', (select o.name from project_collaborations c
        join known_orgs o on o.id = c.org_id where c.project_id = p.id order by c.is_lead desc, c.id limit 1),
      'workspaces', (select count(*) from workspaces w where w.project_id = p.id and not w.is_archived))
    order by lower(p.name), p.id) from page p), '[]'))
"""

_WORKSPACES = """
with found as (
  select w.* from workspaces w
  where ($1::bigint[] is null or w.project_id = any($1)) and w.name ilike $2 and ($5 or not w.is_archived)
), page as (select * from found order by is_archived, name limit $4 offset ($3 - 1) * $4)
select json_build_object('page', $3, 'total', (select count(*) from found),
  'pages', greatest(1, ((select count(*) from found) + $4 - 1) / $4),
  'rows', coalesce((select json_agg(json_build_object('id', w.id, 'name', w.name, 'project_id', w.project_id,
      'project_slug', p.slug, 'project_name', p.name, 'repo_url', r.url, 'branch', w.branch,
      'is_archived', w.is_archived, 'created_at', w.created_at) order by w.is_archived, w.name)
    from page w join projects p on p.id = w.project_id join repos r on r.id = w.repo_id), '[]'))
"""

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


async def projects(database: Database, ids: list[int] | None, text: str, page: int) -> str:
    return str(await database.fetchval(_PROJECTS, ids, contains(text), page, PER_PAGE))


async def workspaces(
    database: Database, ids: list[int] | None, text: str, page: int, *, archived: bool
) -> str:
    return str(await database.fetchval(_WORKSPACES, ids, contains(text), page, PER_PAGE, archived))


async def search(database: Database, text: str) -> str:
    return str(await database.fetchval(_SEARCH, contains(text), text))


def _found(answer: str | None, what: str) -> str:
    if answer is None:
        raise NotFound(f"There is no such {what}.")
    return answer
