"""Read models of jobs: one statement per page part, answered as JSON by PostgreSQL."""

from datetime import datetime

import msgspec
from clients.jobs import ActionOption, WorkspaceRef
from kit.db import Database, contains

from jobs.models import ACTIVE_SQL
from jobs.rap.sql import STATE
from jobs.searching import is_word

WORKSPACE = """
json_build_object('name', w.name, 'project_id', w.project_id, 'project_slug', p.slug, 'project_name', p.name,
  'project_number', p.number, 'repo_url', w.repo_url, 'branch', w.branch, 'is_archived', w.is_archived,
  'should_notify', w.should_notify)
"""

_BACKEND = "json_build_object('slug', r.backend, 'name', coalesce(b.name, r.backend))"

PERSON = "json_build_object('username', coalesce(u.username, '?'), 'fullname', coalesce(u.fullname, '?'))"

# Whether everything of a request that still waits or runs is being stopped.
_CANCELLING = f"""
case when r.cancel_requested_at is null or r.completed_at is not null then false
  when r.live = 0 then r.status in ({ACTIVE_SQL})
    and exists (select from cancellations c where c.job_request_id = r.id and c.done_at is null
      and c.actions is null)
  else not exists (select from jobs j where j.job_request_id = r.id and j.status in ('pending', 'running')
    and j.action <> all(r.cancelled_actions) and not exists (select from cancellations c
      where c.job_request_id = r.id and c.done_at is null
        and (c.actions is null or j.action = any(c.actions))))
  end
"""

ROW = f"""
json_build_object('id', r.id, 'workspace', r.workspace, 'project_slug', coalesce(p.slug, ''),
  'project_name', coalesce(p.name, ''), 'backend', {_BACKEND},
  'created_by', {PERSON}, 'created_at', r.created_at,
  'status', case when {_CANCELLING} then 'cancelling'
    when s.state = 'waiting' and r.status in ('pending', 'unknown_error_creating_jobs') then 'submitting'
    else r.status end,
  'started_at', r.started_at, 'completed_at', r.completed_at,
  'jobs', r.total, 'succeeded', r.succeeded, 'failed', r.failed, 'cancelled', r.cancelled,
  'blocked', r.blocked, 'running', r.running, 'pending', r.pending,
  'archived', coalesce((select w.is_archived from known_workspaces w where w.id = r.workspace_id), false),
  'org', (select o.name from known_orgs o where o.id = p.org_ids[1]))
"""

JOINS = """
left join known_users u on u.id = r.created_by_id left join known_projects p on p.id = r.project_id
left join submissions s on s.job_request_id = r.id left join known_backends b on b.slug = r.backend
"""

_EXPECTED = """
(select percentile_cont(0.5) within group (order by extract(epoch from e.completed_at - e.started_at))::bigint
 from (select o.completed_at, o.started_at from jobs o join job_requests q on q.id = o.job_request_id
   where q.workspace = r.workspace and q.backend = r.backend and o.action = j.action
     and o.status = 'succeeded'
     and o.started_at is not null and o.id < j.id order by o.id desc limit 10) e)
"""

_REQUEST = f"""
select json_build_object('id', r.id, 'rap_id', r.rap_id, 'workspace', {WORKSPACE},
  'backend', {_BACKEND},
  'created_by', {PERSON},
  'created_at', r.created_at, 'status', r.status, 'status_message', r.status_message,
  'submitting', s.state = 'waiting', 'submit_trouble', s.trouble, 'submit_detail', case when $3 then
    s.last_error end, 'unknown_since', s.unknown_since,
  'requested_actions', r.requested_actions, 'cancelling', {_CANCELLING},
  'cancelling_actions', coalesce((select json_agg(j.action order by j.id) from jobs j
    where j.job_request_id = r.id and j.status in ('pending', 'running')
      and (j.action = any(r.cancelled_actions) or exists (select from cancellations c
        where c.job_request_id = r.id and c.done_at is null
          and (c.actions is null or j.action = any(c.actions))))), '[]'),
  'cancel', (select json_build_object('trouble', c.trouble, 'given_up', c.given_up,
      'detail', case when $3 then c.last_error end) from cancellations c
    where c.job_request_id = r.id and c.trouble is not null order by c.id desc limit 1),
  'cancel_requested_at', r.cancel_requested_at, 'force_run_dependencies', r.force_run_dependencies,
  'will_notify', r.will_notify, 'sha', r.sha, 'branch', r.branch, 'codelists_ok', r.codelists_ok,
  'commit_message', r.commit_message,
  'started_at', r.started_at, 'completed_at', r.completed_at,
  'missing_updates', r.live > 0 and now() - r.jobs_updated_at > interval '30 minutes',
  'jobs', coalesce((select json_agg(json_build_object('identifier', j.identifier, 'action', j.action,
      'run_command', j.run_command, 'status', j.status, 'status_code', j.status_code,
      'status_message', j.status_message, 'created_at', j.created_at, 'started_at', j.started_at,
      'completed_at', j.completed_at, 'updated_at', j.updated_at,
      'metrics', case when $2 then j.metrics end,
      'expected_seconds', case when j.status in ('pending', 'running') then {_EXPECTED} end)
      order by j.started_at nulls last, j.id) from jobs j where j.job_request_id = r.id), '[]'),
  'pipeline', coalesce((select f.graph from pipeline_files f where f.sha256 = r.definition_sha256), '[]'),
  'previous', (select json_build_object('id', q.id, 'sha', q.sha) from job_requests q
    where q.workspace = r.workspace and q.backend = r.backend and q.id < r.id order by q.id desc limit 1),
  'previous_succeeded', (select json_build_object('id', q.id, 'sha', q.sha) from job_requests q
    where q.workspace = r.workspace and q.backend = r.backend and q.id < r.id
      and q.total > 0 and q.succeeded = q.total order by q.id desc limit 1),
  'waiting_or_running_here', case when r.live > 0 then
    (select coalesce(sum(q.live), 0) from job_requests q where q.backend = r.backend
      and q.live > 0) else 0 end)::text
from job_requests r join known_workspaces w on w.id = r.workspace_id
join known_projects p on p.id = r.project_id left join known_users u on u.id = r.created_by_id
left join known_backends b on b.slug = r.backend left join submissions s on s.job_request_id = r.id
where r.id = $1
"""

_WORKSPACE_JOBS = f"""
select json_build_object(
  'actions', coalesce((select json_agg(json_build_object('action', a.action, 'status', a.status,
      'status_code', a.status_code, 'at', coalesce(a.completed_at, a.created_at), 'request_id',
        a.job_request_id,
      'identifier', a.identifier, 'backend', json_build_object('slug', a.backend, 'name',
        coalesce((select name from known_backends where slug = a.backend), a.backend)),
      'sha', (select sha from job_requests where id = a.job_request_id),
      'history', coalesce((select json_agg(h.state order by h.id) from (
        select j.id, j.state from job_requests q cross join lateral (
          select j.id, {STATE} as state from jobs j where j.job_request_id = q.id and j.action = a.action
          offset 0) j  -- from the newest request back, never from all jobs of that name
        where q.workspace = a.workspace and q.backend = a.backend order by q.id desc limit 8) h), '[]'))
        order by a.backend, a.action)
    from action_status a where a.workspace = $1), '[]'),
  'current', coalesce((select json_agg({ROW} order by r.id desc) from job_requests r {JOINS}
    where r.workspace = $1 and (r.status in ({ACTIVE_SQL})
      or r.live > 0) and r.id > 0), '[]'),
  'recent', coalesce((select json_agg({ROW} order by r.id desc) from (select * from job_requests
      where workspace = $1 order by id desc limit 8) r {JOINS}), '[]'))::text
"""

# $2: since when what failed is news to the caller
_MINE = "(select * from job_requests where created_by_id = $1 order by id desc limit 200)"
_EVERYBODY = f"""
'everybody', coalesce((select json_agg({ROW} order by r.id desc) from (select q.* from job_requests q
    where q.backend in (select slug from known_backends where is_active) order by q.id desc limit 10) r
  {JOINS}), '[]')
"""
_HOME = f"""
select json_build_object(
  'failed', coalesce((select json_agg({ROW} order by r.id desc) from (select q.* from {_MINE} q
      where q.status = 'failed' and q.completed_at > $2 order by q.id desc limit 5) r {JOINS}), '[]'),
  'waiting', coalesce((select json_agg({ROW} order by r.id desc) from (select q.* from {_MINE} q
      where q.completed_at is null and q.running = 0 order by q.id desc limit 5) r {JOINS}), '[]'),
  'mine', coalesce((select json_agg({ROW} order by r.id desc) from (select q.* from {_MINE} q
      where q.backend in (select slug from known_backends where is_active)
      order by q.id desc limit 5) r {JOINS}), '[]'),
  {_EVERYBODY})::text
"""
_HOME_OF_NOBODY = f"select json_build_object('mine', '[]'::json, {_EVERYBODY})::text"

# Why nothing is known of a backend now: the controller does not tell anybody, or not of this one.
_UNKNOWN = """
case when o.trouble is not null then o.trouble when h.slug is null then 'never_mentioned'
  when h.unmentioned_since is not null then 'unmentioned'
  when o.answered_at < now() - interval '5 minutes' then 'controller_unclear' end
"""

_BACKENDS = f"""
with ended as (select backend, floor(extract(epoch from now() - completed_at) / 3600) as hours_ago, count(*)
  from job_requests where completed_at > now() - interval '24 hours' group by 1, 2)
select coalesce(json_agg(json_build_object('slug', k.slug, 'name', k.name, 'is_active', k.is_active,
    'last_seen_at', h.last_seen_at,
    'missing', coalesce(now() - h.last_seen_at >= make_interval(secs => k.alert_timeout_seconds), false),
    'paused', coalesce(h.paused, false), 'paused_since', h.paused_since,
    'in_maintenance', coalesce(h.in_maintenance, false), 'maintenance_since', h.maintenance_since,
    'unknown', {_UNKNOWN}, 'unknown_since', case when o.trouble is not null then o.failing_since
      when h.slug is null then null else coalesce(h.unmentioned_since, o.answered_at) end,
    'pending', coalesce(c.pending, 0), 'running', coalesce(c.running, 0),
    'finished_last_day', (select json_agg(coalesce(n.count, 0) order by hour)
      from generate_series(0, 23) hour left join ended n on n.hours_ago = 23 - hour and n.backend = k.slug))
  order by lower(k.name)), '[]')::text
from known_backends k left join backend_health h on h.slug = k.slug left join controller o on o.id = 1
left join (select backend, sum(pending) as pending, sum(running) as running from job_requests where live > 0
  group by backend) c on c.backend = k.slug
where case when $1::text[] is null then k.is_active else k.slug = any($1) end
"""

_RESULTS = """
select coalesce(json_agg(json_build_object('name', a.action, 'run', '', 'needs', '[]'::json,
  'last_status', a.status, 'last_status_code', a.status_code, 'last_request_id', a.job_request_id,
  'last_finished_at', coalesce(a.completed_at, a.created_at), 'last_sha', r.sha,
  'last_seconds', extract(epoch from j.completed_at - j.started_at)::bigint)), '[]')::text
from action_status a join job_requests r on r.id = a.job_request_id
left join jobs j on j.identifier = a.identifier where a.workspace = $1 and a.backend = $2
"""

_REF = """
select json_build_object('identifier', j.identifier, 'request_id', r.id, 'workspace', r.workspace,
  'project_slug', p.slug)::text
from jobs j join job_requests r on r.id = j.job_request_id join known_projects p on p.id = r.project_id
where j.identifier = $1
"""

_SEARCH = """
select coalesce(json_agg(x), '[]')::text from (
  (select 'request' as kind, r.id::text as key, 'Request ' || r.id as title, r.workspace as detail
   from job_requests r where r.id = $2 or r.rap_id = $1)
  union all
  (select 'request', r.id::text, 'Request ' || r.id, r.workspace || ' at ' || left(r.sha, 7)
   from (select * from job_requests where $3 and length($1) >= 7 and sha ~>=~ $1
     and sha ~<~ ($1 || chr(127)) limit 100) r order by r.id desc limit 5)
  union all
  (select 'action', a.action, a.action, 'Runs with this action'
   from (select distinct action from action_status where action ilike $4 order by action limit 5) a)
  union all
  (select 'job', j.identifier, j.action, 'Request ' || j.job_request_id
   from (select * from jobs where $3 and identifier >= $1 and identifier < ($1 || chr(127)) limit 100) j
   order by j.id desc limit 5)) x
"""


async def job_request(database: Database, request_id: int, *, metrics: bool, detail: bool) -> str | None:
    """`metrics` of jobs are for those who work here, the `detail` of what went wrong is for staff."""
    found: str | None = await database.fetchval(_REQUEST, request_id, metrics, detail)
    return found


async def definition(database: Database, request_id: int) -> str | None:
    """None for an unknown request, "" when no file is kept."""
    sql = """select coalesce((select body from pipeline_files where sha256 = r.definition_sha256), '')
    from job_requests r where r.id = $1"""
    found: str | None = await database.fetchval(sql, request_id)
    return found


async def workspace_jobs(database: Database, name: str) -> str:
    return str(await database.fetchval(_WORKSPACE_JOBS, name))


async def home(database: Database, user_id: int | None, since: datetime) -> str:
    if user_id is None:  # a plan that is kept for all values would look for nobody's in everybody's
        return str(await database.fetchval(_HOME_OF_NOBODY))
    return str(await database.fetchval(_HOME, user_id, since))


async def backends(database: Database, slugs: list[str] | None) -> str:
    """Those named, or all active ones, with what the controller said and what our jobs do there."""
    return str(await database.fetchval(_BACKENDS, slugs))


async def last_backend(database: Database, workspace: str, slugs: list[str]) -> str | None:
    """The one of these that the workspace used last."""
    sql = """select backend from job_requests where workspace = $1 and backend = any($2)
      order by id desc limit 1"""
    found: str | None = await database.fetchval(sql, workspace, slugs)
    return found


async def last_results(database: Database, workspace: str, backend: str | None) -> dict[str, ActionOption]:
    """Of one backend: what happened on another says nothing here."""
    found = msgspec.json.decode(
        await database.fetchval(_RESULTS, workspace, backend), type=list[ActionOption]
    )
    return {option.name: option for option in found}


async def last_activity(database: Database, workspaces: list[str]) -> str:
    sql = """select coalesce(json_object_agg(w.name, (select created_at from job_requests
      where workspace = w.name order by id desc limit 1)) filter (where exists (
        select from job_requests where workspace = w.name)), '{}')::text from unnest($1::text[]) as w(name)"""
    return str(await database.fetchval(sql, workspaces))


async def project_slug(database: Database, project_id: int) -> str:
    return str(await database.fetchval("select slug from known_projects where id = $1", project_id))


async def workspace_ref(database: Database, name: str) -> WorkspaceRef:
    sql = f"""select {WORKSPACE}::text from known_workspaces w
      join known_projects p on p.id = w.project_id where w.name = $1"""
    return msgspec.json.decode(await database.fetchval(sql, name), type=WorkspaceRef)


async def job_ref(database: Database, identifier: str) -> str | None:
    found: str | None = await database.fetchval(_REF, identifier)
    return found


async def search(database: Database, text: str) -> str:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else None
    return str(await database.fetchval(_SEARCH, text.lower(), number, is_word(text, 4), contains(text)))
