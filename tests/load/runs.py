"""Requests and jobs in any number, written by the database itself: a million with six jobs each in minutes."""

import asyncpg

ACTIONS = ("extract", "describe", "model", "tables", "figures", "report")
_LARGE = ("job_requests", "submissions", "jobs")

# Denser towards today, as runs are; of five requests one fails, in its last job.
_REQUESTS = """
insert into jobs.job_requests (id, rap_id, workspace_id, workspace, project_id, backend, created_by_id,
  created_at, key, requested_actions, sha, branch, definition_sha256, status, total, succeeded, failed, started_at,
  completed_at, force_run_dependencies, will_notify, codelists_ok)
select $1 + n, substr(md5('rap' || n), 1, 16), $1 + place, 'load-workspace-' || place, $1 + place % $4, 'tpp',
  $1, at, 'load-' || n, $5::text[], repeat('a', 40), 'main', 'load', case when failed then 'failed' else 'succeeded' end, $6::int,
  $6::int - failed::int, failed::int, at, at + interval '30 minutes', false, false, true
from (select n, abs(hashint8(n)) % $3 as place, abs(hashint8(n + 7)) % 5 = 0 as failed,
    timestamptz '2021-01-01' + (now() - interval '1 hour' - timestamptz '2021-01-01') * sqrt(n::float / $2) as at
  from generate_series(0, $2 - 1) n) x
"""

_SUBMISSIONS = """
insert into jobs.submissions (job_request_id, state) select id, 'accepted' from jobs.job_requests where id >= $1
"""

_JOBS = """
insert into jobs.jobs (job_request_id, identifier, action, run_command, status, status_code, status_message,
  created_at, updated_at, started_at, completed_at)
select r.id, 'load' || lpad((r.id - $1)::text, 7, '0') || lpad(a.turn::text, 5, '0'), a.action,
  'python:latest python analysis/' || a.action || '.py', case when bad then 'failed' else 'succeeded' end,
  case when bad then 'nonzero_exit' else 'succeeded' end,
  case when bad then 'Job exited with an error' else 'Completed successfully' end,
  r.created_at, r.created_at + interval '5 minutes' * a.turn,
  r.created_at + interval '5 minutes' * (a.turn - 1), r.created_at + interval '5 minutes' * a.turn
from jobs.job_requests r cross join unnest($2::text[]) with ordinality a(action, turn)
cross join lateral (select r.status = 'failed' and a.turn = cardinality($2) as bad) b where r.id >= $1
"""

# What the service would have kept of the newest job of each action in each workspace.
_RESULTS = """
insert into jobs.action_status (workspace, backend, action, identifier, job_request_id, status, status_code,
  created_at, completed_at)
select r.workspace, r.backend, j.action, j.identifier, r.id, j.status, j.status_code, j.created_at,
  j.completed_at
from jobs.known_workspaces w cross join lateral (select * from jobs.job_requests r where r.workspace = w.name
  and r.id >= $1 order by r.id desc limit 1) r join jobs.jobs j on j.job_request_id = r.id
"""

_INDEXES = """
select c.relname as name, pg_get_indexdef(c.oid) as made
from pg_index i join pg_class c on c.oid = i.indexrelid
where i.indrelid = any($1::regclass[]) and not i.indisprimary
  and not exists (select from pg_constraint where conindid = c.oid)
"""


async def write_runs(
    connection: asyncpg.Connection, first: int, count: int, workspaces: int, projects: int
) -> None:
    """`count` requests from id `first` on. Indexes are made at the end; keys are right and not checked."""
    tables = [f"jobs.{table}" for table in _LARGE]
    indexes = await connection.fetch(_INDEXES, tables)
    await connection.execute("set local session_replication_role = replica")
    await connection.execute("set local maintenance_work_mem = '512MB'")
    for index in indexes:
        await connection.execute(f'drop index jobs."{index["name"]}"')
    each = len(ACTIONS)
    await connection.execute(_REQUESTS, first, count, workspaces, projects, list(ACTIONS), each, timeout=600)
    await connection.execute(_SUBMISSIONS, first, timeout=600)
    await connection.execute(_JOBS, first, list(ACTIONS), timeout=600)
    for index in indexes:
        await connection.execute(index["made"], timeout=600)
    await connection.execute(_RESULTS, first)
