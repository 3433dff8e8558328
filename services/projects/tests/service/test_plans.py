"""Projects and workspaces are found by an index, at a hundred thousand of them (P15)."""

import json
from collections.abc import AsyncIterator

import pytest
from projects import queries
from projects.queries import ProjectFilter, WorkspaceFilter
from testkit.plans import Watched, watched
from testkit.world import World

pytestmark = pytest.mark.xdist_group("plans of projects")  # filled once

_SEEDS = (
    "insert into known_orgs (id, version, slug, name, github_orgs)"
    " select n, 1, 'org-' || n, 'Organisation ' || n, '{}' from generate_series(1, 60) n",
    "insert into known_users (id, version, username, fullname)"
    " select n, 1, 'user-' || n, 'Person ' || n from generate_series(1, 500) n",
    "insert into projects (id, slug, name, number, status, created_by, created_at)"
    " select n, 'project-' || n, 'Project ' || n, case when n % 3 > 0 then n::text end, 'ongoing', 'seed',"
    " now() - (2000 - n) * interval '1 day' from generate_series(1, 2000) n",
    "insert into project_collaborations (project_id, org_id, is_lead, created_by)"
    " select n, 1 + n % 60, true, 'seed' from generate_series(1, 2000) n",
    "insert into repos (id, url) select n, 'https://github.com/opensafely/study-' || n"
    " from generate_series(1, 1000) n",
    """insert into workspaces (name, project_id, repo_id, branch, purpose, is_archived, should_notify,
      created_by, created_by_id, created_at)
    select case when n % 7 = 0 then 'measures' else 'space' end || '-' || n, 1 + n % 2000, 1 + n % 1000,
      'main', '', n % 4 = 0, false, 'seed', 1 + n % 500, now() - (100000 - n) * interval '1 hour'
    from generate_series(1, 100000) n""",
)
_MANY = list(range(1, 60))


@pytest.fixture(scope="module")
async def database(world: World) -> AsyncIterator[Watched]:
    async with watched(world, "projects", *_SEEDS) as database:
        yield database


@pytest.mark.parametrize("page", [1, 2])
async def test_no_filter_of_projects_looks_through_all_workspaces(database: Watched, page: int) -> None:
    for sort in queries.PROJECT_SORTS:
        for by in (
            ProjectFilter(sort=sort),
            ProjectFilter(q="17", sort=sort),
            ProjectFilter(ids=[], sort=sort),
            ProjectFilter(ids=_MANY, sort=sort),
            ProjectFilter(org="organisation 1", sort=sort),
            ProjectFilter(ids=_MANY, q="project", org="org-7", sort=sort),
        ):
            await queries.projects(database, by, page, 25)
    await database.refuse_walks()


@pytest.mark.parametrize("page", [1, 2])
async def test_no_filter_of_workspaces_looks_through_all_of_them(database: Watched, page: int) -> None:
    for sort in queries.WORKSPACE_SORTS:
        for by in (
            WorkspaceFilter(q="1234", sort=sort),
            WorkspaceFilter(q="measures", sort=sort),
            WorkspaceFilter(project_ids=[], sort=sort),
            WorkspaceFilter(project_ids=_MANY, sort=sort),
            WorkspaceFilter(project_ids=_MANY, q="measures", archived=False, sort=sort),
            WorkspaceFilter(q="measures", archived=True, sort=sort),
        ):
            await queries.workspaces(database, by, page, 25)
    for slug, name in (("project-7", "measures-7"), ("project-70", "space-8")):
        await queries.project(database, slug, archived=True)
        await queries.workspace(database, name, archived=True)
        await queries.search(database, name)
    await database.refuse_walks()


async def test_all_workspaces_are_counted_within_the_time_of_a_read(database: Watched) -> None:
    """A page with a number says how many there are, so nothing else would do."""
    for sort in queries.WORKSPACE_SORTS:
        for archived in (None, False, True):
            for page in (1, 1000):
                by = WorkspaceFilter(archived=archived, sort=sort)
                assert json.loads(await queries.workspaces(database, by, page, 25))["total"] > 10_000
    database.ran.clear()
