"""The lists of releases and files are found by an index, at a hundred thousand of each."""

from collections.abc import AsyncIterator

import pytest
from releases import queries
from testkit.plans import Watched, watched
from testkit.world import World, person

pytestmark = pytest.mark.xdist_group("plans of releases")  # filled once

# A hundred releases a project, of all times; nearly all have arrived.
_SEEDS = (
    "insert into known_backends (id, version, slug, name)"
    " select n, 1, 'backend-' || n, 'Backend ' || n from generate_series(1, 3) n",
    "insert into known_orgs (id, version, slug, name)"
    " select n, 1, 'org-' || n, 'Organisation ' || n from generate_series(1, 60) n",
    "insert into known_users (id, version, username, fullname)"
    " select n, 1, 'user-' || n, 'Person ' || n from generate_series(1, 500) n",
    "insert into known_projects (id, version, slug, name, status, org_ids, copilot_id)"
    " select n, 1, 'project-' || n, 'Project ' || n, 'ongoing', array[1 + n % 60], 1 + n % 500"
    " from generate_series(1, 1000) n",
    "insert into known_workspaces (id, version, name, project_id, is_archived)"
    " select n, 1, 'space-' || n, 1 + n % 1000, false from generate_series(1, 6000) n",
    """insert into releases (id, workspace, project_id, backend, requested_files, metadata, created_by_id,
      created_at, completed_at)
    select '01' || upper(substr(md5(n::text), 1, 24)), 'space-' || 1 + n % 6000, 1 + (1 + n % 6000) % 1000,
      'backend-' || 1 + n % 3, '[]', '{}', 1 + n % 500, at, case when n % 50 > 0 then at end
    from (select n, now() - (100000 - n) * interval '20 minutes' as at
      from generate_series(1, 100000) n) x""",
    """insert into release_files (id, release_id, workspace, name, sha256, size, mtime, metadata, created_at,
      created_by_id, uploaded_at, uploaded_by_id)
    select r.id || n, r.id, r.workspace, 'output/table_' || n || '.csv', md5(r.id || n), 1000, r.created_at,
      '{}', r.created_at, 1, case when r.completed_at is not null or n = 1 then r.created_at end, 1
    from releases r cross join generate_series(1, 2) n""",
    """insert into airlock_events (request, event_type, backend, body, user_id, received_at)
    select r.id, event, r.backend, '{}', 1 + n % 500, r.created_at
    from releases r cross join unnest('{request_reviewed,request_approved}'::text[])
      with ordinality e(event, n)""",
)
_FIRST = "01" + "C4CA4238A0B923820DCC509A"
_VISIBLE = [None, [], [7], list(range(1, 300)), [999_999]]


@pytest.fixture(scope="module")
async def database(world: World) -> AsyncIterator[Watched]:
    async with watched(world, "releases", *_SEEDS) as database:
        yield database


async def test_the_newest_are_found_whoever_looks(database: Watched) -> None:
    for visible in _VISIBLE:
        await queries.recent(database, visible)
    # From the newest on, for what has arrived: nearly all have.
    await database.refuse_walks(but_along={"ix_releases_created_at"})


async def test_a_text_is_not_looked_for_in_all_releases(database: Watched) -> None:
    for visible in _VISIBLE:
        for text in (_FIRST[:8], "01ABCDE", "space-12", "e", "nosuch"):
            await queries.search(database, visible, text)
    await database.refuse_walks()


async def test_what_one_place_released_is_found_there(database: Watched) -> None:
    for visible in _VISIBLE:
        await queries.of_workspace(database, "space-2", visible)
    await queries.latest_index(database, "space-2")
    assert await queries.release(database, _FIRST)
    await queries.release_index(database, _FIRST)
    await queries.has_ended(database, _FIRST)
    await queries.user_record(database, person(7, "user-7", memberships=[7, 8], backends=["backend-1"]))
    await database.refuse_walks()
