"""Runs are found by what people call things, and what there is to choose from is listed."""

from typing import Any

import pytest
from clients.jobs import Choice, JobsClient, RequestFilter
from contracts.identity import OrgState, UserState
from contracts.projects import ProjectState
from kit.errors import Invalid, NotFound
from testkit.plugin import Speak
from testkit.world import World

from .conftest import Made


@pytest.fixture
async def named(made: Made) -> dict[str, int]:
    """Requests by who asked for them: rosa and ravi of one organisation's projects, ravina of another's."""
    await made.known(
        ravi=UserState(id=2, version=1, username="ravi", fullname="Ravi Shah"),
        ravina=UserState(id=3, version=1, username="ravina", fullname="Ravina Rose"),
        silent=UserState(id=4, version=1, username="silent", fullname="Rosa Silent"),
        other=OrgState(id=2, version=1, slug="lshtm", name="London School"),
    )
    await made.known(
        second=ProjectState(id=2, version=1, slug="rose-study", name="Demonstration", org_ids=[2]),
    )
    return {
        "rosa": (await made.request(1)).id,
        "ravi": (await made.request(2, created_by_id=2)).id,
        "ravina": (await made.request(3, created_by_id=3, project_id=2)).id,
    }


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ({"person": "rosa"}, ["rosa"]),
        ({"person": "Rosa Marsh"}, ["rosa"]),
        ({"person": "rosa marsh"}, ["rosa"]),
        ({"person": "marsh"}, ["rosa"]),
        ({"person": "ravi"}, ["ravi"]),  # though it is also a part of ravina
        ({"person": "rav"}, ["ravina", "ravi"]),
        ({"person": "ro"}, ["ravina", "rosa"]),
        ({"person": "silent"}, []),
        ({"person": "%"}, []),
        ({"project": "Demo"}, ["ravi", "rosa"]),  # a whole name is that name
        ({"project": "demo"}, ["ravi", "rosa"]),
        ({"project": "dem"}, ["ravina", "ravi", "rosa"]),
        ({"project": "rose"}, ["ravina"]),
        ({"org": "london"}, ["ravina"]),
        ({"org": "lshtm", "person": "rav"}, ["ravina"]),
        ({"workspace": "DEMO-work"}, ["ravina", "ravi", "rosa"]),
        ({"of": "demo-workspace"}, ["ravina", "ravi", "rosa"]),
        ({"of": "demo-work"}, []),
        ({"person": "rav", "project": "dem"}, ["ravina", "ravi"]),
        ({"person": "rav", "state": "failed"}, []),
        ({"since": "2020-01-01", "until": "2999-01-01"}, ["ravina", "ravi", "rosa"]),
        ({"until": "2020-01-01"}, []),
    ],
)
async def test_a_filter_is_what_people_call_the_thing(
    named: dict[str, int], speak: Speak, by: dict[str, Any], names: list[str]
) -> None:
    found = await JobsClient(speak()).requests(RequestFilter(**by))
    assert [row.id for row in found.rows] == [named[name] for name in names]
    if "state" not in by:
        assert sum(found.counts.values()) == len(names)


async def test_pages_of_several_people_go_on_where_the_last_one_ended(
    named: dict[str, int], made: Made, speak: Speak
) -> None:
    more = [(await made.request(10 + n, created_by_id=2 + n % 2)).id for n in range(40)]
    client, seen = JobsClient(speak()), []
    before: int | None = None
    while True:
        page = await client.requests(RequestFilter(person="rav", before=before))
        seen += [row.id for row in page.rows]
        if page.older is None:
            break
        before = page.older
    assert seen == sorted([*more, named["ravi"], named["ravina"]], reverse=True)
    whole = await client.requests(RequestFilter(person="rav", limit=500))
    assert [row.id for row in whole.rows] == seen


async def test_both_days_count_and_ids_out_of_order_by_hours_are_found(
    named: dict[str, int], world: World, speak: Speak
) -> None:
    for name, time in (("rosa", "2026-03-02 00:00"), ("ravi", "2026-03-01 23:59"), ("ravina", "2026-03-03")):
        await world.rows("jobs", f"update job_requests set created_at = '{time}+00' where id = {named[name]}")

    async def of(**by: str) -> list[int]:
        return [row.id for row in (await JobsClient(speak()).requests(RequestFilter(**by))).rows]

    assert await of(since="2026-03-02", until="2026-03-02") == [named["rosa"]]
    assert await of(until="2026-03-01") == [named["ravi"]]
    assert await of(since="2026-03-03") == [named["ravina"]]
    assert await of(since="2026-03-01", until="2026-03-02") == [named["ravi"], named["rosa"]]


@pytest.mark.parametrize(
    ("by", "field"),
    [
        ({"since": "yesterday"}, "since"),
        ({"until": "2026-02-30"}, "until"),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "until"),
    ],
)
async def test_days_that_are_none_are_refused_beside_their_field(
    speak: Speak, by: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await JobsClient(speak()).requests(RequestFilter(**by))
    assert list(refused.value.extra["fields"]) == [field]


async def test_what_exists_can_be_chosen_and_names_of_those_who_ran_nothing_are_not_given(
    named: dict[str, int], speak: Speak
) -> None:
    found = await JobsClient(speak()).choices()
    assert found.people == [
        Choice(value="ravi", label="Ravi Shah"),
        Choice(value="ravina", label="Ravina Rose"),
        Choice(value="rosa", label="Rosa Marsh"),
    ]
    assert Choice(value="lshtm", label="London School") in (found.orgs or [])
    assert [one.value for one in found.projects or []] == ["demo-project", "rose-study"]
    assert [one.value for one in found.workspaces or []] == ["demo-workspace"]
    assert "tpp" in [one.value for one in found.backends or []]


async def test_what_there_is_too_much_of_is_looked_up(
    named: dict[str, int], world: World, speak: Speak
) -> None:
    await world.rows(
        "jobs",
        "insert into known_projects (id, version, slug, name, org_ids)"
        " select 100 + n, 1, 'many-' || n, 'Many ' || n, '{}' from generate_series(1, 200) n",
    )
    client = JobsClient(speak())
    assert (await client.choices()).projects is None
    found = await client.find_choices("project", "MANY-1")
    assert len(found) == 20
    assert found[0] == Choice(value="many-1", label="Many 1"), "what is equal comes first"
    assert [one.value for one in await client.find_choices("project", "rose")] == ["rose-study"]
    assert [one.value for one in await client.find_choices("person", "ros")] == ["rosa", "ravina"]
    assert await client.find_choices("person", "_") == []
    with pytest.raises(NotFound):
        await client.find_choices("secret", "x")
