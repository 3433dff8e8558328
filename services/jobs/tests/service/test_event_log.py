"""The list of all requests: filtered, paged by key both ways, counted up to a bound (J52, J53)."""

from typing import Any

import pytest
from clients.jobs import JobsClient, RequestFilter
from contracts.identity import OrgState, UserState
from contracts.projects import ProjectState
from jobs.models import JobRequest
from jobs.rap.sync import Sync
from kit.errors import Invalid
from testkit.plugin import Speak
from testkit.world import World

from .conftest import Made, job
from .test_sync import answer


async def ids(speak: Speak, **by: Any) -> list[int]:
    return [row.id for row in (await JobsClient(speak()).requests(RequestFilter(**by))).rows]


async def many(made: Made, count: int, **more: Any) -> list[int]:
    return [(await made.request(number, **more)).id for number in range(count)]


async def test_an_empty_log_is_empty(made: Made, speak: Speak) -> None:
    found = await JobsClient(speak()).requests(RequestFilter())
    assert (found.rows, found.older, found.newer, found.counts) == ([], None, None, {})


async def test_a_line_says_who_ran_what_where(made: Made, speak: Speak) -> None:
    request = await made.request(total=3, succeeded=1, failed=1, running=1, live=1, status="running")
    [row] = (await JobsClient(speak()).requests(RequestFilter())).rows
    assert (row.id, row.workspace, row.project_slug, row.project_name) == (
        request.id,
        "demo-workspace",
        "demo-project",
        "Demo",
    )
    assert (row.created_by.username, row.created_by.fullname, row.org) == (
        "rosa",
        "Rosa Marsh",
        "Bennett Institute",
    )
    assert (row.jobs, row.succeeded, row.failed, row.running, row.pending) == (3, 1, 1, 1, 0)
    assert row.status == "running"


async def test_a_request_of_somebody_not_heard_of_yet_is_shown_all_the_same(made: Made, speak: Speak) -> None:
    request = await made.request(created_by_id=77, project_id=77)
    [row] = (await JobsClient(speak()).requests(RequestFilter())).rows
    assert (row.id, row.created_by.username, row.project_slug) == (request.id, "?", "")


async def test_a_request_that_was_not_accepted_yet_is_submitting(made: Made, speak: Speak) -> None:
    await made.request(1, submission="waiting")
    await made.request(2, submission="waiting", status="unknown_error_creating_jobs")
    await made.request(3, submission="withdrawn", status="failed")
    rows = (await JobsClient(speak()).requests(RequestFilter())).rows
    assert [row.status for row in rows] == ["failed", "submitting", "submitting"]


async def test_pages_go_back_to_the_first_request_and_forth_to_the_newest(made: Made, speak: Speak) -> None:
    all_ids = sorted(await many(made, 60), reverse=True)
    client = JobsClient(speak())
    page = await client.requests(RequestFilter())
    seen = [[row.id for row in page.rows]]
    assert page.newer is None
    while page.older:
        page = await client.requests(RequestFilter(before=page.older))
        seen.append([row.id for row in page.rows])
    assert [len(one) for one in seen] == [25, 25, 10]
    assert [one for part in seen for one in part] == all_ids
    page = await client.requests(RequestFilter(after=page.newer))
    assert [row.id for row in page.rows] == all_ids[25:50]
    page = await client.requests(RequestFilter(after=page.newer))
    assert [row.id for row in page.rows] == all_ids[:25]
    assert page.newer is None
    assert page.older == all_ids[24]


async def test_a_page_does_not_move_when_requests_are_added(made: Made, speak: Speak) -> None:
    await many(made, 30)
    client = JobsClient(speak())
    first = await client.requests(RequestFilter())
    before = await ids(speak, before=first.older)
    for number in range(100, 105):
        await made.request(number)
    assert await ids(speak, before=first.older) == before


async def test_a_page_beyond_the_end_is_empty(made: Made, speak: Speak) -> None:
    [first] = await many(made, 1)
    assert await ids(speak, before=first) == []
    assert await ids(speak, after=first) == []


@pytest.fixture
async def mixed(made: Made) -> dict[str, JobRequest]:
    await made.known(
        ravi=UserState(id=2, version=1, username="ravi", fullname="Ravi"),
        other=OrgState(id=2, version=1, slug="other-org", name="Other"),
    )
    await made.known(project=ProjectState(id=2, version=1, slug="other-project", name="O", org_ids=[2]))
    made_ones = {
        "plain": await made.request(1),
        "failed": await made.request(2, status="failed"),
        "test": await made.request(3, backend="test"),
        "ravi": await made.request(4, created_by_id=2),
        "other": await made.request(5, project_id=2, workspace="other-workspace", status="succeeded"),
    }
    sync = Sync(made.units)
    named = job(made_ones["plain"], "model_100%_done", "running", identifier="abcd2345efgh6723")
    await sync.apply(answer(named))
    return made_ones


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ({"state": "failed"}, ["failed"]),
        ({"state": "active"}, ["ravi", "test", "plain"]),
        ({"state": "nonsense"}, []),
        ({"backend": "test"}, ["test"]),
        ({"person": "ravi"}, ["ravi"]),
        ({"person": "nobody"}, []),
        ({"project": "other-project"}, ["other"]),
        ({"project": "nosuch"}, []),
        ({"org": "other-org"}, ["other"]),
        ({"org": "nosuch"}, []),
        ({"workspace": "other-workspace"}, ["other"]),
        ({"person": "rosa", "backend": "tpp", "state": "active"}, ["plain"]),
        ({"q": "model_100%"}, ["plain"]),
        ({"q": "MODEL"}, ["plain"]),
        ({"q": "ABCD2345"}, ["plain"]),
        ({"q": "345ef"}, []),
        ({"q": "model_100_"}, []),
        ({"q": "%"}, ["plain"]),
        ({"q": "\\"}, []),
        *[
            ({"q": text} | {name: value}, ["plain"])
            for text in ("model", "MODEL_1", "abcd2345", "m")
            for name, value in (
                ("workspace", "demo-workspace"),
                ("project", "demo-project"),
                ("person", "rosa"),
                ("backend", "tpp"),
                ("state", "active"),
                ("since", "2020-01-01"),
            )
        ],
        ({"q": "model", "workspace": "other-workspace"}, []),
        ({"q": "abcd2345", "workspace": "other-workspace"}, []),
        ({"q": "nothing-of-it", "workspace": "demo-workspace"}, []),
        ({"since": "2020-01-01"}, ["other", "ravi", "test", "failed", "plain"]),
        ({"since": "2999-01-01"}, []),
    ],
)
async def test_filters_are_joined_by_and(
    mixed: dict[str, JobRequest], speak: Speak, by: dict[str, str], names: list[str]
) -> None:
    assert await ids(speak, **by) == [mixed[name].id for name in names]


async def test_a_request_is_found_by_its_number(
    made: Made, mixed: dict[str, JobRequest], speak: Speak
) -> None:
    request = await made.request(9, id=770_017)
    assert await ids(speak, q="770017") == [request.id]
    assert await ids(speak, q="9" * 30) == []


async def test_counts_ignore_the_chosen_state_but_no_other_filter(
    mixed: dict[str, JobRequest], speak: Speak
) -> None:
    found = await JobsClient(speak()).requests(RequestFilter(state="failed", project="demo-project"))
    assert found.counts == {"pending": 2, "running": 1, "failed": 1}
    assert len(found.rows) == 1


async def copies(world: World, request: JobRequest, count: int) -> None:
    """The same again so many times, under other keys."""
    columns = (
        "workspace_id, workspace, project_id, backend, created_by_id, requested_actions, sha, branch,"
        " force_run_dependencies, will_notify, codelists_ok, status"
    )
    await world.rows(
        "jobs",
        f"""insert into job_requests (rap_id, key, {columns})
        select lpad(id || '0' || n, 16, '0'), id || '-' || n, {columns}
        from job_requests, generate_series(1, $2::int) n where id = $1""",
        request.id,
        count,
    )


async def test_counts_stop_at_a_thousand(made: Made, speak: Speak, world: World) -> None:
    await copies(world, await made.request(), 1100)
    found = await JobsClient(speak()).requests(RequestFilter())
    assert found.counts == {"pending": 1000}


async def test_several_that_are_meant_are_counted_together(
    made: Made, mixed: dict[str, JobRequest], speak: Speak, world: World
) -> None:
    """Up to the same thousand, however many there are of each."""
    await copies(world, mixed["failed"], 700)
    await copies(world, mixed["test"], 20)
    for by in ({"backend": "t"}, {"project": "-project"}, {"org": "e"}, {"person": "r"}):
        found = await JobsClient(speak()).requests(RequestFilter(**by))
        assert sum(found.counts.values()) == 725, by
        assert found.counts["failed"] == 701
    await copies(world, mixed["ravi"], 600)
    found = await JobsClient(speak()).requests(RequestFilter(person="r"))
    assert found.counts == {"pending": 620, "failed": 380}


@pytest.mark.parametrize("by", [{"person": "one"}, {"person": "one", "backend": "t"}, {"org": "bennett"}])
async def test_pages_of_many_that_are_meant_leave_nobody_out(
    made: Made, speak: Speak, world: World, by: dict[str, str]
) -> None:
    """Most are of one person and project, and some of each of the others lie before, between and after."""
    for number in range(2, 9):
        name = f"one-{number}"
        await made.known(
            user=UserState(id=number, version=1, username=name, fullname=name.title()),
            project=ProjectState(id=number, version=1, slug=name, name=name, org_ids=[1]),
        )
    for turn, several in enumerate((1, 40, 1)):
        for number in range(2, 9):
            last = await made.request(turn * 100 + number, created_by_id=number, project_id=number)
            if number == 5:
                await copies(world, last, several)
    client = JobsClient(speak())
    page = await client.requests(RequestFilter(**by))
    assert page.counts == {"pending": 63}
    seen = [row.id for row in page.rows]
    while page.older:
        page = await client.requests(RequestFilter(**by, before=page.older))
        seen += [row.id for row in page.rows]
    assert seen == sorted(row["id"] for row in await world.rows("jobs", "select id from job_requests"))[::-1]
    page = await client.requests(RequestFilter(**by, after=seen[-1]))
    assert [row.id for row in page.rows] == seen[-26:-1]


@pytest.mark.parametrize(
    "by",
    [
        {"since": "2026-13-45"},
        {"since": "0001-01-01"},
        {"until": "9999-12-31"},
        {"since": "yesterday"},
        {"before": 0},
        {"before": 2**63},
        {"after": -1},
        {"q": "x" * 101},
        {"q": "a\0b"},
        {"workspace": "a\0b"},
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(made: Made, speak: Speak, by: dict[str, Any]) -> None:
    client = speak()
    with pytest.raises(Invalid):
        await client.get("/job-requests", params=by)
