"""Lists: what their address says, what is shown of it, and the same as a file."""

import csv
from io import StringIO

import httpx
import msgspec
import pytest
from clients import jobs

from .. import samples
from ..conftest import Neighbours, refused

LOG = "/event-log/"


async def test_filters_are_asked_for_as_the_address_has_them(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    by = {"state": "failed", "person": "Rosa Marsh", "since": "2026-01-01", "until": "2026-02-01", "q": "x"}
    page = await site.get(LOG, params=by)
    asked = httpx.QueryParams(neighbours.queries[neighbours.asked.index("GET jobs/job-requests")])
    assert dict(asked) == by
    for chip in ("Person: Rosa Marsh", "Since: 2026-01-01", "Until: 2026-02-01", "Search: x"):
        assert chip in page.text
    assert 'href="/event-log/?state=failed&amp;person=Rosa+Marsh&amp;since=2026-01-01&amp;until' in page.text
    assert 'name="state" value="failed"' in page.text, "the bar of filters keeps the state"


async def test_what_exists_is_offered_and_what_is_too_much_is_looked_up(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    page = (await site.get(LOG, params={"org": "lshtm", "project": "part"})).text
    assert '<option value="lshtm" selected>LSHTM</option>' in page
    assert "Organisation: LSHTM" in page, "by its name"
    assert '<option value="part" selected>“part”</option>' in page, "part of a name is kept"
    assert 'name="person" type="text" value="" maxlength="100" autocomplete="off"' in page
    assert 'data-lookup="/choices/person/"' in page
    found = await site.get("/choices/person/", params={"q": "ro"})
    assert found.json() == [{"value": "rosa", "label": samples.NASTY}]
    assert (await site.get("/choices/person/")).json() == []
    assert (await site.get("/choices/secret/?q=x")).status_code == 404


async def test_choices_are_asked_for_once_in_some_seconds(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    for state in ("failed", "running", "pending"):
        await site.get(LOG, params={"state": state})
    assert neighbours.asked.count("GET jobs/choices") <= 1


async def test_a_filter_that_makes_no_sense_says_so_beside_itself(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    neighbours.answers["GET jobs/job-requests"] = refused({"since": ["Use a <date>."]})
    page = await site.get(LOG, params={"since": "soon", "q": "kept"})
    assert page.status_code == 400
    assert "Use a &lt;date&gt;." in page.text
    assert 'aria-invalid="true" aria-describedby="f-since-error"' in page.text
    assert 'value="soon"' in page.text
    assert 'value="kept"' in page.text
    assert "Nothing was looked for" in page.text
    assert "data-src" not in page.text, "a live part would only be refused again and again"
    neighbours.answers["GET jobs/job-requests"] = refused()
    assert "No &amp; no." in (await site.get(LOG, params={"backend": "x"})).text


@pytest.mark.parametrize("query", ["before=x", "after=-1", "page=0", "page=x", "before=" + "9" * 19])
async def test_a_place_that_is_none_is_no_page(site: httpx.AsyncClient, query: str) -> None:
    assert (await site.get(f"{LOG}?{query}")).status_code == 404


async def test_a_workspaces_own_runs_have_that_filter_fixed(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    page = await site.get("/study/study-ws/logs/?workspace=other")
    asked = httpx.QueryParams(neighbours.queries[neighbours.asked.index("GET jobs/job-requests")])
    assert asked["of"] == "study-ws"
    assert 'name="person"' in page.text
    assert 'name="project"' not in page.text


async def test_a_list_is_sorted_by_a_column(site: httpx.AsyncClient, neighbours: Neighbours) -> None:
    page = (await site.get("/projects/")).text
    assert '<th scope="col" class="wide" aria-sort="ascending">Project</th>' in page
    assert 'href="/projects/?sort=number">Number' in page
    page = (await site.get("/projects/?sort=number&org=x")).text
    assert 'aria-sort="ascending">Number</th>' in page
    assert "sort=number" in neighbours.queries[-1]
    assert "org=x" in neighbours.queries[-1]
    assert 'name="sort" value="number"' in page, "filters keep the order"
    await site.get("/projects/?sort=nonsense")
    assert "sort" not in neighbours.queries[-1]


async def test_a_list_is_a_file_as_well(site: httpx.AsyncClient, neighbours: Neighbours) -> None:
    row = msgspec.structs.replace(samples.row(), project_name="=cmd()")
    neighbours.answers["GET jobs/job-requests"] = jobs.RequestList(rows=[row], older=None)
    assert 'href="/event-log/?person=rosa&amp;format=csv"' in (await site.get(f"{LOG}?person=rosa")).text
    answer = await site.get(f"{LOG}?person=rosa&format=csv&before=3")
    assert answer.headers["content-disposition"] == 'attachment; filename="runs.csv"'
    assert "limit=500" in neighbours.queries[-1]
    assert "before" not in neighbours.queries[-1], "the whole list, not a page"
    [heads, values] = csv.reader(StringIO(answer.text))
    shown = dict(zip(heads, values, strict=True))
    assert shown["Request"] == str(row.id)
    assert shown["Project"] == "'=cmd()", "no formula"
    for path, name in (("/projects/", "projects.csv"), ("/workspaces/", "workspaces.csv")):
        answer = await site.get(f"{path}?format=csv")
        assert name in answer.headers["content-disposition"]
        assert len(list(csv.reader(StringIO(answer.text)))) >= 2


async def test_a_file_that_is_refused_is_a_page_that_says_why(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    neighbours.answers["GET jobs/job-requests"] = 503
    assert (await site.get(f"{LOG}?format=csv")).status_code == 503


async def test_a_long_list_is_one_file(site: httpx.AsyncClient, neighbours: Neighbours) -> None:
    neighbours.answers["GET jobs/job-requests"] = jobs.RequestList(rows=[samples.row()], older=5)
    lines = (await site.get(f"{LOG}?format=csv")).text.splitlines()
    assert len(lines) == 21, "it ends after twenty parts"
    assert "before=5" in neighbours.queries[-1]
