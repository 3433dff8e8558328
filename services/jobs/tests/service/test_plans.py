"""Whatever the list of runs is asked for, it finds by an index, at a hundred thousand runs (J52, J53)."""

from collections.abc import AsyncIterator

import pytest
from contracts.statuses import RequestStatus
from jobs import event_log, names
from jobs.event_log import Filter
from testkit.plans import Watched, watched
from testkit.world import World

pytestmark = pytest.mark.xdist_group("plans of jobs")  # filled once

# Denser towards today; projects and people of unequal size; states as they are, the rare ones old. One
# organisation has a part in half of the projects.
_SEEDS = (
    "insert into known_backends (id, version, slug, name, is_active, alert_timeout_seconds)"
    " select n, 1, 'backend-' || n, 'Backend ' || n, true, 60 from generate_series(1, 3) n",
    "insert into known_orgs (id, version, slug, name)"
    " select n, 1, 'org-' || n, 'Organisation ' || n from generate_series(1, 60) n",
    "insert into known_projects (id, version, slug, name, org_ids)"
    " select n, 1, 'project-' || n, 'Project ' || n,"
    " case when n % 2 = 0 then '{1}' else array[2 + n % 59] end from generate_series(1, 2000) n",
    "insert into known_users (id, version, username, fullname)"
    " select n, 1, 'user-' || n, 'Person ' || n from generate_series(1, 3000) n",
    "insert into known_workspaces (id, version, name, project_id, repo_url, branch, is_archived,"
    " should_notify) select n, 1, 'space-' || n, 1 + n % 2000, 'https://github.com/opensafely/s' || n,"
    " 'main', false, true from generate_series(1, 6000) n",
    """insert into job_requests (id, rap_id, key, workspace_id, workspace, project_id, backend, created_by_id,
      created_at, completed_at, requested_actions, sha, branch, force_run_dependencies, will_notify,
      codelists_ok, status)
    select n, lpad(n::text, 16, '0'), n, place, 'space-' || place, 1 + place % 2000,
      'backend-' || case when n % 50 = 0 then 3 when n % 3 = 0 then 2 else 1 end,
      1 + (random() ^ 3 * 500)::int, at, at + interval '1 hour', '{report}',
      md5(n::text) || 'abcdef01', 'main', false, false, true,
      case when n > 99970 then 'running' when n > 99940 then 'pending' when n in (5, 6, 7) then 'unknown'
        when n % 20011 = 3 then 'unknown_error_creating_jobs'
        when n < 4000 and n % 60 = 0 then 'nothing_to_do'
        when n % 20 = 0 then 'cancelled' when n % 5 = 0 then 'failed' else 'succeeded' end
    from (select n, 1 + (random() ^ 2 * 5999)::int as place,
      timestamptz '2021-01-01' + interval '5 years' * sqrt(n / 100000.0) as at
      from generate_series(1, 100000) n) x""",
    "insert into submissions (job_request_id, state) select id, 'accepted' from job_requests",
    """insert into jobs (job_request_id, identifier, action, run_command, status, status_code,
      status_message, created_at)
    select r.id, md5(r.id || '-' || n), 'action_' || (r.id * n) % 300, 'python:v2', 'succeeded', 'succeeded',
      '', r.created_at from job_requests r cross join generate_series(1, 2) n""",
    """insert into action_status (workspace, backend, action, identifier, job_request_id, status, status_code,
      created_at)
    select 'space-' || w, 'backend-1', 'action_' || (w + a * 7) % 300, '', 1 + w, 'succeeded', 'succeeded',
      now() from generate_series(1, 6000) w cross join generate_series(1, 10) a""",
)


@pytest.fixture(scope="module")
async def database(world: World) -> AsyncIterator[Watched]:
    async with watched(world, "jobs", *_SEEDS) as database:
        yield database


# "user-1" is one person, "son 1" are many.
_ALONE: list[dict[str, str]] = [
    {},
    *({"state": state} for state in [*RequestStatus, "active", "nonsense"]),
    *({"backend": text} for text in ("backend-1", "backend-3", "backend", "nosuch")),
    *({"org": text} for text in ("org-1", "org-7", "organisation", "nosuch")),
    *({"project": text} for text in ("project-2", "project", "nosuch")),
    *({"workspace": text} for text in ("space-2", "space", "nosuch")),
    *({"person": text} for text in ("user-1", "user-450", "son 1", "nosuch")),
    *({"of": text} for text in ("space-2", "nosuch")),
    {"since": "2021-01-02"},
    {"since": "2025-12-30"},
    {"since": "2999-01-01"},
    {"until": "2021-02-01"},
    {"until": "2025-12-30"},
    {"since": "2022-01-01", "until": "2025-01-01"},
    *({"q": text} for text in ("action_12", "a", "report", "abcd", "abcdef0", "77123", "%")),
]
_PLACES = [by for by in _ALONE if len(by) == 1 and not {"state", "q", "since", "until"} & set(by)] + [
    {"since": "2022-01-01"}
]
_TOGETHER: list[dict[str, str]] = [
    *(by | {"state": state} for by in _PLACES for state in ("failed", "unknown", "active")),
    *(by | {"q": text} for by in _PLACES for text in ("action_12", "abcdef0")),
    *(by | {"since": "2022-01-01", "until": "2024-06-01"} for by in _PLACES),
    {"person": "son 1", "project": "project"},
    {"person": "son 1", "project": "project", "backend": "backend", "org": "organisation"},
    {"person": "son 1", "workspace": "space", "state": "failed", "since": "2022-01-01"},
    {"org": "org-1", "backend": "backend-3", "state": "cancelled"},
    {"org": "org-1", "person": "user-1", "state": "active"},
    {"q": "action_12", "state": "failed"},
    {"q": "action_12", "state": "unknown"},
    {"q": "action_12", "state": "active", "backend": "backend-2", "org": "org-1"},
]


@pytest.mark.parametrize(
    ("before", "after"), [(None, None), (60_000, None), (None, 60_000)], ids=["first", "older", "newer"]
)
async def test_no_filter_looks_through_all_runs(
    database: Watched, before: int | None, after: int | None
) -> None:
    for by in _ALONE + _TOGETHER:
        await event_log.page(database, Filter(**by), before, after, 25)
    await database.refuse_walks()


@pytest.mark.parametrize("kind", ["backend", "org", "project", "workspace", "person"])
async def test_names_are_found_without_a_look_at_all_runs(database: Watched, kind: str) -> None:
    for text in ("user-1", "son 1", "e", "nosuch"):
        await names.meant(database, kind, text)
        await names.find(database, kind, text)
    await names.choices(database)
    await database.refuse_walks()
