"""Read models of releases: one statement per question, answered as JSON by PostgreSQL."""

from contracts.statement import Claims
from kit.db import Database, contains
from kit.identity import may

_RECORD = """
with mine as (select w.name, w.is_archived, p.name as project, p.status, p.org_ids
  from known_workspaces w join known_projects p on p.id = w.project_id where p.id = any($1)),
copiloted as (select w.name, w.is_archived, p.name as project, p.status, p.org_ids
  from known_workspaces w join known_projects p on p.id = w.project_id where p.copilot_id = $2)
select json_build_object('username', $3::text, 'fullname', $4::text,
  'workspaces', coalesce((select json_object_agg(m.name, json_build_object(
      'project_details', json_build_object('name', m.project,
        'ongoing', m.status in ('ongoing', 'ongoing-and-linked'),
        'orgs', coalesce((select json_agg(o.name order by array_position(m.org_ids, o.id)) from known_orgs o
          where o.id = any(m.org_ids)), '[]')), 'archived', m.is_archived)) from mine m), '{}'),
  'copiloted_workspaces', coalesce((select json_object_agg(m.name, json_build_object(
      'project_details', json_build_object('name', m.project,
        'ongoing', m.status in ('ongoing', 'ongoing-and-linked'),
        'orgs', coalesce((select json_agg(o.name order by array_position(m.org_ids, o.id)) from known_orgs o
          where o.id = any(m.org_ids)), '[]')), 'archived', m.is_archived)) from copiloted m), '{}'),
  'output_checker', $5::bool, 'readonly_access', $6::bool)::text
"""

_WORKSPACE = """
json_build_object('name', w.name, 'project_id', w.project_id, 'project_slug', p.slug,
  'project_name', p.name, 'project_number', p.number, 'is_archived', w.is_archived)
"""
_PERSON = "json_build_object('username', coalesce(u.username, '?'), 'fullname', coalesce(u.fullname, '?'))"
_BACKEND = "json_build_object('slug', r.backend, 'name', coalesce(b.name, r.backend))"

# A request that ended otherwise after its release was begun: what has not arrived never will (F5).
_ENDED = """
(r.completed_at is null and coalesce((select e.event_type in ('request_withdrawn', 'request_rejected')
  from airlock_events e where e.request = r.id order by e.id desc limit 1), false))
"""
_SHOWN = f"f.withdrawn_at is null and (f.uploaded_at is not null or not {_ENDED})"

# Of releases whose files the caller may see
_RECENT = f"""
select coalesce(json_agg(json_build_object('id', r.id, 'number', (select count(*) from releases o
    where o.workspace = r.workspace and (o.created_at, o.id) <= (r.created_at, r.id)),
  'workspace', r.workspace, 'project_slug', p.slug, 'backend', {_BACKEND}, 'created_by', {_PERSON},
  'created_at', r.created_at, 'file_count', f.listed, 'uploaded_count', f.uploaded, 'total_size', f.bytes)
  order by r.created_at desc, r.id desc), '[]')::text
from (%s) r join known_projects p on p.id = r.project_id
left join known_users u on u.id = r.created_by_id left join known_backends b on b.slug = r.backend
cross join lateral (select count(*) filter (where {_SHOWN}) as listed, count(f.uploaded_at) as uploaded,
  coalesce(sum(f.size) filter (where {_SHOWN}), 0)::bigint as bytes
  from release_files f where f.release_id = r.id and f.withdrawn_at is null) f
"""
_ARRIVED = "exists (select from release_files f where f.release_id = r.id and f.uploaded_at is not null)"
_NEWEST = f"select r.* from releases r where {_ARRIVED} order by r.created_at desc, r.id desc limit 8"
# $1: the projects whose files the caller may see. `any` lets no other index than theirs give the order.
_NEWEST_OF = f"""
select n.* from (select distinct unnest($1::bigint[]) as id) p cross join lateral (select r.* from releases r
  where r.project_id = any(array[p.id]) and {_ARRIVED}
  order by r.project_id desc, r.created_at desc, r.id desc limit 8) n
order by n.created_at desc, n.id desc limit 8
"""
# $1: those projects, or null for all; $2: the text in upper case as an id begins; $3: as part of a
# workspace's name
_FOUND = f"""
(select r.* from releases r where length($2) >= 6 and r.id ~>=~ $2 and r.id ~<~ ($2 || chr(127))
  and ($1::bigint[] is null or r.project_id = any($1)) and {_ARRIVED} limit 5)
union
(select n.* from (select name from known_workspaces where name ilike $3 order by length(name) limit 20) w
  cross join lateral (select r.* from releases r where r.workspace = w.name
    and ($1::bigint[] is null or r.project_id = any($1)) and {_ARRIVED}
    order by r.created_at desc limit 3) n order by n.created_at desc limit 5)
"""
# Numbered by time within the workspace (F2). $2: the projects whose files the caller may see, or null for all
_OF_WORKSPACE = f"""
select (select coalesce(json_agg(json_build_object('id', r.id, 'number', r.number, 'workspace', r.workspace,
    'backend', {_BACKEND}, 'created_by', {_PERSON}, 'created_at', r.created_at,
    'file_count', case when shown then coalesce(f.listed, 0) end,
    'uploaded_count', case when shown then coalesce(f.uploaded, 0) end,
    'total_size', case when shown then coalesce(f.bytes, 0) end) order by r.created_at desc, r.id desc), '[]')
  from (select *, row_number() over (order by created_at, id) as number,
    $2::bigint[] is null or w.project_id = any($2) as shown from releases where workspace = w.name) r
  left join known_users u on u.id = r.created_by_id left join known_backends b on b.slug = r.backend
  left join lateral (select count(*) filter (where {_SHOWN}) as listed, count(f.uploaded_at) as uploaded,
    sum(f.size) filter (where {_SHOWN})::bigint as bytes
    from release_files f where f.release_id = r.id and f.withdrawn_at is null) f on true
  where not {_ENDED} or f.uploaded > 0)::text
from known_workspaces w where w.name = $1
"""

# Reviews count anew when a request is submitted again; those before the approval led to it.
_REVIEWERS = """
coalesce((select json_agg(json_build_object('username', x.username, 'fullname', x.fullname) order by x.first)
  from (
  select v.username, v.fullname, min(e.id) as first from airlock_events e
  join known_users v on v.id = e.user_id
  where e.request = r.id and e.event_type in ('request_partially_reviewed', 'request_reviewed')
    and e.id < a.id and not exists (select from airlock_events s where s.request = r.id
      and s.id between e.id and a.id and s.event_type in ('request_submitted', 'request_resubmitted',
        'request_returned'))
  group by v.username, v.fullname) x), '[]')
"""

_RELEASE = f"""
select json_build_object('id', r.id, 'number', (select count(*) from releases o
    where o.workspace = r.workspace and (o.created_at, o.id) <= (r.created_at, r.id)),
  'workspace', {_WORKSPACE}, 'backend', {_BACKEND}, 'created_by', {_PERSON}, 'created_at', r.created_at,
  'completed_at', r.completed_at, 'metadata', r.metadata,
  'files', coalesce((select json_agg(json_build_object('id', f.id, 'name', f.name, 'size', f.size,
      'sha256', f.sha256, 'mtime', f.mtime, 'uploaded_at', f.uploaded_at, 'deleted_at', f.deleted_at,
      'deleted_by', (select d.fullname from known_users d where d.id = f.deleted_by_id))
      order by f.name, f.id)
    from release_files f where f.release_id = r.id and {_SHOWN}), '[]'), 'reviewers', {_REVIEWERS})::text
from releases r join known_workspaces w on w.name = r.workspace join known_projects p on p.id = w.project_id
left join known_users u on u.id = r.created_by_id left join known_backends b on b.slug = r.backend
left join lateral (select max(id) as id from airlock_events where request = r.id
  and event_type = 'request_approved') a on true
where r.id = $1 and exists (select from release_files f where f.release_id = r.id and {_SHOWN})
"""

_INDEX = """
select json_build_object('files', coalesce(json_agg(json_build_object('name', x.shown, 'id', x.id,
  'url', '/api/v2/releases/file/' || x.id, 'user', coalesce(u.username, '?'), 'date', x.created_at,
  'sha256', x.sha256, 'size', x.size, 'is_deleted', x.deleted_at is not null,
  'backend', coalesce(b.name, x.backend), 'metadata', x.metadata, 'review', null)
  order by x.shown), '[]'))::text
from (%s) x left join known_users u on u.id = x.created_by_id left join known_backends b on b.slug = x.backend
"""
_LATEST = f"""
select distinct on (r.backend, f.name) f.*, r.backend, r.backend || '/' || f.name as shown
from release_files f join releases r on r.id = f.release_id
where f.workspace = $1 and {_SHOWN}
order by r.backend, f.name, r.created_at desc, f.id desc
"""
_FILES = f"""
select f.*, r.backend, f.name as shown from release_files f join releases r on r.id = f.release_id
where f.release_id = $1 and {_SHOWN}
"""


async def user_record(database: Database, user: Claims) -> str:
    """What Airlock knows of somebody, in one statement (A19 to A23)."""
    seen = [p for p in user.memberships if may(user, "unreleased_outputs_view", p)]
    return str(
        await database.fetchval(
            _RECORD,
            seen,
            user.user_id if user.backends else None,  # who has left copilots nothing either (A17)
            user.username,
            user.name,
            "OutputChecker" in user.roles,
            may(user, "airlock_readonly_access"),
        )
    )


async def of_workspace(database: Database, workspace: str, visible: list[int] | None) -> str | None:
    """None for an unknown workspace; sizes and counts where `visible` (None: everywhere) says so."""
    found: str | None = await database.fetchval(_OF_WORKSPACE, workspace, visible)
    return found


async def recent(database: Database, visible: list[int] | None) -> str:
    """The eight newest of which something has arrived."""
    if visible is None:
        return str(await database.fetchval(_RECENT % _NEWEST))
    return str(await database.fetchval(_RECENT % _NEWEST_OF, visible))


async def search(database: Database, visible: list[int] | None, text: str) -> str:
    """By the beginning of an id, or by part of the workspace's name."""
    return str(await database.fetchval(_RECENT % _FOUND, visible, text.upper(), contains(text)))


async def release(database: Database, release_id: str) -> str | None:
    """None for a release without files: there is nothing to show."""
    found: str | None = await database.fetchval(_RELEASE, release_id)
    return found


async def has_ended(database: Database, release_id: str) -> bool:
    """Its request was withdrawn or rejected before all files were here."""
    return bool(await database.fetchval(f"select {_ENDED} from releases r where r.id = $1", release_id))


async def latest_index(database: Database, workspace: str) -> str:
    return str(await database.fetchval(_INDEX % _LATEST, workspace))


async def release_index(database: Database, release_id: str) -> str:
    return str(await database.fetchval(_INDEX % _FILES, release_id))


async def release_url(
    database: Database, base_url: str, project_id: int, workspace: str, release_id: str
) -> str:
    """Of its page."""
    slug = await database.fetchval("select slug from known_projects where id = $1", project_id)
    return f"{base_url.rstrip('/')}/{slug}/{workspace}/releases/{release_id}/"


async def project_of_workspace(database: Database, name: str) -> int | None:
    """None until both are known here."""
    found: int | None = await database.fetchval(
        """select p.id from known_workspaces w join known_projects p on p.id = w.project_id
        where w.name = $1""",
        name,
    )
    return found


async def project_of_release(database: Database, release_id: str) -> tuple[int, str] | None:
    """(project id, workspace)."""
    rows = await database.fetch("select project_id, workspace from releases where id = $1", release_id)
    return (rows[0]["project_id"], rows[0]["workspace"]) if rows else None
