"""Error pages: what happened, what is safe, what to do next."""

import httpx
import pytest
from gateway.web.errors import explain

from ..conftest import Csrf, Neighbours, token


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 413, 429, 500, 502, 503, 418])
def test_every_error_says_what_happened_what_is_safe_and_what_to_do(status: int) -> None:
    shown = explain(status, "", logged_in=False)
    assert shown.title
    assert shown.what
    assert shown.safe
    assert shown.next
    assert shown.login == (status in {403, 404})
    assert explain(status, "In its own words.", logged_in=True).what == "In its own words."


def test_only_what_is_our_fault_is_called_so() -> None:
    ours = explain(500, "", logged_in=True)
    told = {status: explain(status, "", logged_in=True).what for status in (403, 404, 409, 410, 429, 503)}
    assert ours.what not in told.values()
    assert len(set(told.values())) == len(told), "each says its own"


@pytest.mark.parametrize("status", [403, 404, 409, 429, 503])
async def test_a_page_that_was_refused_says_so_with_the_words_of_who_refused(
    rosa: httpx.AsyncClient, neighbours: Neighbours, status: int
) -> None:
    neighbours.answers["GET jobs/job-requests/7"] = status
    page = await rosa.get("/study/study-ws/7/")
    shown = explain(status, "It was refused.", logged_in=True)
    assert page.status_code == status
    assert f"<h1>{shown.title}</h1>" in page.text
    assert "It was refused." in page.text
    assert f"{shown.safe} {shown.next}" in page.text
    assert f"Error {status}, request id <code>" in page.text


@pytest.mark.parametrize("status", [403, 409])
async def test_a_form_that_was_refused_for_good_says_so(
    rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf, status: int
) -> None:
    neighbours.answers["PATCH projects/workspaces/study-ws"] = status
    sent = {"csrf": await token(rosa, csrf), "is_archived": "True"}
    page = await rosa.post("/study/study-ws/archive-toggle/", data=sent)
    assert page.status_code == status
    assert explain(status, "", logged_in=True).safe in page.text


async def test_a_warning_is_not_shown_as_news(rosa: httpx.AsyncClient, neighbours: Neighbours) -> None:
    """What is said on the next page has the sign of its kind."""
    neighbours.answers["GET jobs/workspaces/study-ws/run-form"] = 409
    page = (await rosa.get("/study/study-ws/run-jobs/", follow_redirects=True)).text
    flash = page[page.index('class="alert flash"') :][:300]
    assert 'data-state="warning" role="status"' in flash
    assert "#exclamation-triangle" in flash
