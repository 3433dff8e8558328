"""Every page, with hostile names, through both template engines; what a page does when a part is missing."""

from collections.abc import Callable

import httpx
import pytest
from clients.jobs import RequestList, WorkspaceJobs
from testkit.world import person

from ..addresses import ONE, RELEASE, WORK
from ..conftest import Neighbours
from ..samples import NASTY

PAGES = [
    "/",
    "/projects/",
    "/projects/?all=1&page=2&q=x",
    "/workspaces/",
    "/workspaces/?all=1",
    "/event-log/",
    "/event-log/?state=running&backend=tpp&person=rosa&q=%3Cscript%3E",
    "/status/",
    "/search/?q=stud",
    "/search/",
    "/ui-components",
    "/study/",
    WORK,
    f"{WORK}logs/",
    f"{WORK}releases/",
    ONE,
    f"{ONE}project.yaml",
    f"{ONE}aaaabbbbccccdddd/",
    f"{ONE}bbbbbbbbccccdddd/",
    f"{ONE}eeeebbbbccccdddd/",
    "/fragments/runs/",
    "/event-log/fragments/rows/",
    "/status/fragments/cards/",
    f"{WORK}fragments/jobs/",
    f"{WORK}fragments/releases/",
    f"{WORK}logs/fragments/rows/",
    f"{ONE}fragments/live/",
    f"{ONE}fragments/jobs/",
    f"{ONE}fragments/title/",
    RELEASE,
    f"{RELEASE}fragments/title/",
    f"{RELEASE}fragments/files/?file=output/table.csv&find=out",
    f"{WORK}releases/fragments/rows/",
    f"{ONE}aaaabbbbccccdddd/fragments/job/",
    f"{RELEASE}output/picture.png",
    f"{RELEASE}output/page.html",
    f"{RELEASE}output/huge.csv",
    f"{RELEASE}output/late.csv",
    f"{RELEASE}output/gone.csv",
]
MINE = [
    "/",
    "/fragments/attention/",
    "/fragments/releases/",
    "/settings/",
    f"{WORK}run-jobs/",
    f"{WORK}run-jobs/?request=7&again=failed",
]


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_shows_names_as_text(site: httpx.AsyncClient, path: str) -> None:
    page = await site.get(path)
    assert page.status_code == 200, page.text
    assert NASTY not in page.text
    assert "alert('x')" not in page.text


@pytest.mark.parametrize("path", [*PAGES, *MINE])
async def test_every_page_shows_names_as_text_to_people(rosa: httpx.AsyncClient, path: str) -> None:
    page = await rosa.get(path)
    assert page.status_code == 200, page.text
    assert NASTY not in page.text
    assert page.headers["cache-control"] == "private, no-store"


async def test_what_is_empty_says_how_it_comes_to_be_full(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    neighbours.answers["GET jobs/workspaces/study-ws/jobs"] = WorkspaceJobs(actions=[], current=[], recent=[])
    neighbours.answers["GET releases/workspaces/study-ws/releases"] = []
    neighbours.answers["GET jobs/job-requests"] = RequestList(rows=[])
    page = (await site.get(WORK)).text
    assert "No action has run yet" in page
    assert "Nothing released yet" in page
    assert "No runs yet" in (await site.get("/event-log/")).text
    for path in ("/event-log/?backend=tpp", "/event-log/fragments/rows/?backend=tpp"):
        assert "Nothing fits these filters" in (await site.get(path)).text


async def test_a_live_part_has_the_columns_of_its_page(site: httpx.AsyncClient) -> None:
    for path, part in (
        (f"{WORK}logs/", f"{WORK}logs/fragments/rows/"),
        ("/event-log/", "/event-log/fragments/rows/"),
        ("/", "/fragments/runs/"),
    ):
        assert (await site.get(part)).text.strip() in (await site.get(path)).text, part


@pytest.mark.parametrize(
    ("away", "path", "sentence"),
    [
        ("jobs/workspaces/study-ws/jobs", WORK, "Runs are not available just now"),
        ("releases/workspaces/study-ws/releases", WORK, "Releases are not available just now"),
        ("identity/projects/1/members", "/study/", "Who works here is not available just now"),
        ("jobs/job-requests", "/study/", "Runs are not available just now"),
        ("jobs/home", "/", "Runs are not available just now"),
        ("jobs/backends", "/", "The state of the backends is not available just now"),
        ("identity/search", "/search/?q=stud", "Not everything could be searched"),
    ],
)
async def test_a_page_does_without_a_part(
    site: httpx.AsyncClient, neighbours: Neighbours, away: str, path: str, sentence: str
) -> None:
    neighbours.answers[f"GET {away}"] = 503
    page = await site.get(path)
    assert page.status_code == 200
    assert sentence in page.text


@pytest.mark.parametrize(
    ("away", "path"),
    [
        ("projects/workspaces/study-ws", WORK),
        ("jobs/job-requests/7", ONE),
        ("jobs/job-requests", "/event-log/"),
        ("jobs/backends", "/status/"),
    ],
)
async def test_a_page_without_its_own_thing_says_so(
    site: httpx.AsyncClient, neighbours: Neighbours, away: str, path: str
) -> None:
    neighbours.answers[f"GET {away}"] = 503
    page = await site.get(path)
    assert (page.status_code, "<h1>Not available</h1>" in page.text) == (503, True)
    neighbours.answers[f"GET {away}"] = 404
    page = await site.get(path)
    assert page.status_code == 404
    assert "You may need to log in" in page.text


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/other/study-ws/", WORK),
        ("/other/study-ws/logs/", f"{WORK}logs/"),
        ("/other/study-ws/releases/", f"{WORK}releases/"),
        ("/other/other-ws/7/", ONE),
        ("/other/other-ws/7/aaaa/", f"{ONE}aaaabbbbccccdddd/"),
        (f"/other/study-ws/releases/{RELEASE.split('/')[-2]}/", RELEASE),
        ("/job-requests/7/", ONE),
        ("/jobs/aaaabbbbccccdddd/", f"{ONE}aaaabbbbccccdddd/"),
        ("/users/rosa/", "/event-log/?person=rosa"),
        ("/staff/users/rosa/", "/event-log/?person=rosa"),
        ("/event-list/", "/event-log/"),
        ("/search/?q=7", "/job-requests/7/"),
    ],
)
async def test_a_thing_has_one_address(site: httpx.AsyncClient, path: str, there: str) -> None:
    """Old and wrong ones lead there (P13)."""
    answer = await site.get(path)
    assert answer.status_code in {301, 302}
    assert answer.headers["location"] == there


@pytest.mark.parametrize("path", ["/study/study-ws/7/zzzz/", "/study/study-ws/7a/", f"{RELEASE}no/such.csv"])
async def test_what_is_not_there_is_not_found(site: httpx.AsyncClient, path: str) -> None:
    assert (await site.get(path)).status_code == 404


async def test_people_who_may_not_are_told_why_and_offered_nothing(site: httpx.AsyncClient) -> None:
    page = (await site.get(WORK)).text
    assert "Log in" in page
    assert "archive-toggle" not in page
    request = (await site.get(ONE)).text
    assert "Cancel request" not in request
    assert "run-jobs" not in request


async def test_anonymous_readers_of_the_same_second_share_a_page(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    first = await site.get("/status/")
    asked = list(neighbours.asked)
    assert (await site.get("/status/")).text == first.text
    assert neighbours.asked == asked


async def test_somebody_who_is_logged_in_shares_with_nobody(
    rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Callable[[str], str]
) -> None:
    await rosa.get("/status/")
    asked = len(neighbours.asked)
    page = (await rosa.get("/status/")).text
    assert len(neighbours.asked) == 2 * asked
    rosa.cookies.clear()
    assert csrf(page) not in (await rosa.get("/status/")).text


async def test_staff_see_above_every_page_of_which_backend_nothing_is_known(
    rosa: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    for path in ("/", WORK, "/event-log/"):
        assert "strip-alert" not in (await rosa.get(path)).text, "rosa is no staff"
    neighbours.people["ada-session"] = person(2, "ada", roles=["StaffAreaAdministrator"])
    rosa.cookies.set("session_80", "ada-session")
    neighbours.asked.clear()
    for path in (WORK, "/event-log/", "/settings/"):
        page = (await rosa.get(path)).text
        assert "Gone: missing" in page
        assert "EMIS: paused" not in page, "somebody wants it so"
    assert neighbours.asked.count("GET jobs/backends") == 1
