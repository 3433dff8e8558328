"""Home: what needs attention, and what somebody new does first."""

from datetime import timedelta

import httpx
import msgspec
import pytest
from clients.jobs import Home
from gateway.home.pages import Visits
from gateway.home.views import first_steps
from kit import clock
from testkit.world import person

from .. import samples
from ..addresses import RELEASE
from ..answers import ANSWERS
from ..conftest import Neighbours

NOTHING = Home(mine=[], everybody=[])


async def test_what_needs_attention_comes_first(rosa: httpx.AsyncClient, neighbours: Neighbours) -> None:
    """What failed, what came, what waits and for whom."""
    neighbours.people["rosa-session"] = person(1, "rosa", projects={"ProjectDeveloper": [1]})
    for path in ("/", "/fragments/attention/"):
        page = (await rosa.get(path)).text
        places = [
            page.index(words)
            for words in (
                "Request 6 failed",
                "1 failed",
                "Request 4 failed",
                "it could not be started",
                "Release 2 of study-ws arrived",
                "Request 9 waits",
                "EMIS, which is paused",
            )
        ]
        assert places == sorted(places)
    assert sum(query.startswith("since=") for query in neighbours.queries) == 2


async def test_who_is_not_logged_in_is_told_of_nothing(site: httpx.AsyncClient) -> None:
    page = (await site.get("/")).text
    assert "Needs your attention" not in page
    assert "First steps" not in page
    assert "visits" not in site.cookies


def test_a_visit_ends_with_half_an_hour_of_nothing() -> None:
    now = clock.now().replace(microsecond=0)
    first = Visits("", now)
    assert first.before == now - timedelta(days=7)
    later = Visits(first.cookie(), now + timedelta(minutes=20))
    assert later.before == first.before, "still the same visit"
    again = Visits(later.cookie(), now + timedelta(minutes=90))
    assert again.before == now + timedelta(minutes=20), "the end of the visit before"
    for odd in ("x", ".", "1.x", "-1.2", "9" * 40, "\N{SUPERSCRIPT TWO}.1"):
        Visits(odd, now)


async def test_somebody_new_sees_what_to_do_first(rosa: httpx.AsyncClient, neighbours: Neighbours) -> None:
    neighbours.answers["GET jobs/home"] = NOTHING
    neighbours.people["rosa-session"] = person(1, "rosa")
    neighbours.answers["GET releases/releases"] = []
    page = (await rosa.get("/")).text
    assert "0 of 3 done" in page
    assert "Your latest runs" not in page
    assert "run-jobs" not in page


@pytest.mark.parametrize(
    ("who", "done", "last"),
    [
        (person(1, "rosa"), [False, False], ""),
        (person(1, "rosa", memberships=[1]), [False, False], ""),
        (person(1, "rosa", backends=["tpp"]), [False, True], ""),
        (
            person(1, "rosa", projects={"ProjectDeveloper": [1]}, memberships=[1], backends=["tpp"]),
            [True, True],
            "/study/study-ws/run-jobs/",
        ),
    ],
)
def test_each_step_says_how_far_it_is(who, done: list[bool], last: str) -> None:  # type: ignore[no-untyped-def]
    rows = [msgspec.structs.replace(ANSWERS["GET projects/workspaces"].rows[0], is_archived=False)]
    steps = first_steps(who, rows, samples.BACKENDS)
    assert [step.done for step in steps] == [*done, False]
    assert steps[2].url == last
    if done[1]:
        assert samples.BACKEND.name in steps[1].text


async def test_a_checkers_home_begins_with_releases(rosa: httpx.AsyncClient, neighbours: Neighbours) -> None:
    neighbours.answers["GET jobs/home"] = NOTHING
    neighbours.people["rosa-session"] = person(1, "rosa", roles=["OutputChecker"])
    page = (await rosa.get("/")).text
    assert "arrived" not in page, "releases of every project are no news to a checker"
    assert page.index("Latest releases") < page.index("Release 2 of study-ws") < page.index("Latest runs")
    assert "First steps" not in page
    assert RELEASE in (await rosa.get("/fragments/releases/")).text
