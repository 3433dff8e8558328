"""The statements of the sync, set-based."""

from contracts.jobs import TOLD
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, TEXT

from jobs.models import ACTIVE_SQL

# A job's state as `contracts.statuses.display` names it, of old rows too (J24).
STATE = """
case lower(j.status) when '' then 'waiting' when 'pending' then 'waiting' when 'running' then 'running'
  when 'succeeded' then 'succeeded' when 'cancelled' then 'cancelled' when 'failed' then
  case j.status_code when 'dependency_failed' then 'blocked' when 'cancelled_by_user' then 'cancelled'
  else 'failed' end else 'idle' end
"""
_FIELDS = "action, run_command, status, status_code, status_message, started_at, completed_at"

# Jobs of requests we know; a job whose only news is updated_at is written when that is five minutes newer.
UPSERT = text(f"""
with sent as (
  select * from jsonb_to_recordset(cast(:jobs as jsonb)) as x(identifier text, rap_id text, action text,
    run_command text, status text, status_code text, status_message text, created_at timestamptz,
    updated_at timestamptz, started_at timestamptz, completed_at timestamptz, trace_context jsonb,
    metrics jsonb)
), known as (
  select id, rap_id from job_requests
  where rap_id in (select rap_id from sent) order by id for update
), written as (
insert into jobs as j (job_request_id, identifier, action, run_command, status, status_code, status_message,
  created_at, updated_at, started_at, completed_at, trace_context, metrics)
select distinct on (sent.identifier) known.id, sent.identifier, sent.action, coalesce(sent.run_command, ''),
  sent.status, coalesce(sent.status_code, ''), coalesce(sent.status_message, ''), sent.created_at,
  sent.updated_at, sent.started_at, sent.completed_at, nullif(sent.trace_context, 'null'),
  nullif(sent.metrics, 'null')
from sent join known using (rap_id)
on conflict (identifier) do update set action = excluded.action, run_command = excluded.run_command,
  status = excluded.status, status_code = excluded.status_code, status_message = excluded.status_message,
  started_at = excluded.started_at, completed_at = excluded.completed_at, updated_at = excluded.updated_at,
  trace_context = excluded.trace_context, metrics = excluded.metrics
where j.job_request_id = excluded.job_request_id and (
  ({", ".join("j." + f for f in _FIELDS.split(", "))}) is distinct from
  ({", ".join("excluded." + f for f in _FIELDS.split(", "))})
  or excluded.updated_at > j.updated_at + interval '5 minutes')
returning j.job_request_id
)
select job_request_id, count(*) as changes from written group by job_request_id order by job_request_id
""")

EXISTING_JOBS = text("""
select r.rap_id, (select count(*) from jobs j where j.job_request_id = r.id) as jobs
from job_requests r where r.rap_id = any(:rap_ids)
""").bindparams(bindparam("rap_ids", type_=ARRAY(TEXT)))

# J25 to J28, for many requests at once. `old_status` tells what just ended. `failed` counts what ran
# and failed: what was stopped is `cancelled`, what was not run for want of another is `blocked`. When nothing
# failed by itself, what is blocked is blocked by a cancel.
RECOMPUTE = text(f"""
with counted as (
  select j.job_request_id as id, count(*) as total,
    count(*) filter (where lower(j.status) = 'pending') as pending,
    count(*) filter (where lower(j.status) = 'running') as running,
    count(*) filter (where lower(j.status) = 'succeeded') as succeeded,
    count(*) filter (where lower(j.status) = 'failed'
      and j.status_code not in ('cancelled_by_user', 'dependency_failed')) as failed,
    count(*) filter (where lower(j.status) = 'failed' and j.status_code = 'cancelled_by_user') as cancelled,
    count(*) filter (where lower(j.status) = 'failed' and j.status_code = 'dependency_failed') as blocked,
    count(*) filter (where lower(j.status) in ('succeeded', 'failed') or j.status = '0') as completed,
    count(distinct lower(j.status)) as kinds, min(lower(j.status)) as only_kind,
    min(j.started_at) as started_at, max(j.completed_at) as completed_at, max(j.updated_at) as updated_at
  from jobs j where j.job_request_id = any(:ids) group by j.job_request_id
), judged as (
  select c.*, case
    when c.kinds = 1 and c.only_kind = '' then 'pending'
    when c.completed = c.total and c.cancelled > 0 and c.failed = 0 then 'cancelled'
    when c.kinds = 1 and c.only_kind in ('pending', 'running', 'failed', 'succeeded', 'nothing_to_do',
      'unknown', 'unknown_error_creating_jobs') then c.only_kind
    when c.kinds = 1 then 'unknown'
    when c.running > 0 or c.pending > 0 then 'running'
    when c.failed + c.cancelled + c.blocked > 0 then 'failed'
    else 'unknown' end as verdict
  from counted c
), before as (
  select r.id, r.status as old_status,
    case when r.status in ({ACTIVE_SQL})
      then j.verdict else r.status end as status
  from job_requests r join judged j on j.id = r.id
)
update job_requests r set
  status = b.status,
  status_message = case when b.status = b.old_status then r.status_message
    when b.status = 'failed' then 'Failed due to job failure' end,
  total = j.total, pending = j.pending, running = j.running, succeeded = j.succeeded, failed = j.failed,
  cancelled = j.cancelled, blocked = j.blocked,
  live = j.pending + j.running, started_at = j.started_at,
  completed_at = case when j.completed = j.total then j.completed_at end,
  jobs_updated_at = j.updated_at
from judged j join before b on b.id = j.id where r.id = j.id
returning r.id, r.rap_id, r.workspace, r.project_id, r.backend, r.created_by_id, r.status, b.old_status
""").bindparams(bindparam("ids", type_=ARRAY(BIGINT)))

ACTIONS = text("""
insert into action_status as a (workspace, backend, action, identifier, job_request_id, status, status_code,
  created_at, completed_at)
select distinct on (r.workspace, r.backend, j.action) r.workspace, r.backend, j.action, j.identifier, r.id,
  j.status, j.status_code, j.created_at, j.completed_at
from jobs j join job_requests r on r.id = j.job_request_id where r.id = any(:ids)
order by r.workspace, r.backend, j.action, j.created_at desc, j.id desc
on conflict (workspace, backend, action) do update set identifier = excluded.identifier,
  job_request_id = excluded.job_request_id, status = excluded.status, status_code = excluded.status_code,
  created_at = excluded.created_at, completed_at = excluded.completed_at
where (excluded.created_at, excluded.job_request_id) >= (a.created_at, a.job_request_id)
  and (a.identifier, a.status, a.status_code) is distinct from
    (excluded.identifier, excluded.status, excluded.status_code)
""").bindparams(bindparam("ids", type_=ARRAY(BIGINT)))

# What readers need of the jobs, bounded: an announcement has to fit the broker whatever the request is.
FINISHED = text(f"""
select r.id, r.workspace, r.project_id, r.backend, r.created_by_id, r.status, r.status_message, r.will_notify,
  coalesce((select b.name from known_backends b where b.slug = r.backend), r.backend) as backend_name,
  coalesce((select json_agg(json_build_object('identifier', x.identifier, 'action', x.action,
      'status', x.status, 'status_code', x.status_code, 'status_message', left(x.status_message, 500),
      'seconds', greatest(0, extract(epoch from x.completed_at - x.started_at))::bigint)
      order by x.started_at nulls last, x.id)
    from (select * from jobs j where j.job_request_id = r.id
      order by j.status = 'succeeded', j.started_at nulls last, j.id limit {TOLD}) x), '[]')::text as jobs,
  coalesce((select json_object_agg(c.state, c.n) from (select {STATE} as state, count(*) as n from jobs j
    where j.job_request_id = r.id group by 1) c), '{{}}')::text as counts
from job_requests r where r.id = any(:ids) order by r.id
""").bindparams(bindparam("ids", type_=ARRAY(BIGINT)))
