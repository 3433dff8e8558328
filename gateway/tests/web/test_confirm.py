"""What cannot be undone: the page that asks once more, whom it asks, and the reason it may want."""

import re

import httpx
import pytest
from gateway.web.confirm import Confirmation, Reason
from starlette.datastructures import FormData
from testkit.world import person

from .. import samples
from ..addresses import ONE, WORK
from ..conftest import Csrf, Neighbours, token

JOB = f"{ONE}aaaabbbbccccdddd/"
EXAMPLE = "/ui-components/confirmation/"


def fields(page: str) -> dict[str, str]:
    """What the form that asks sends besides its token."""
    form = page[page.index("data-confirm") :]
    found = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form))
    assert found.pop("csrf"), "it can be sent"
    return found


@pytest.mark.parametrize(
    ("path", "title", "verb", "back", "sent"),
    [
        (f"{ONE}cancel/", "Cancel 2 jobs in request 7?", "Cancel 2 jobs", ONE, {}),
        (f"{ONE}ddddbbbbccccdddd/cancel/", "Cancel model?", "Cancel this job", f"{ONE}#jobs", {}),
        (f"{WORK}archive-toggle/", "Archive study-ws?", "Archive", WORK, {"is_archived": "True"}),
    ],
)
async def test_it_names_the_thing_and_says_what_will_happen(
    rosa: httpx.AsyncClient, path: str, title: str, verb: str, back: str, sent: dict[str, str]
) -> None:
    page = (await rosa.get(path)).text
    assert f">{title}</h1>" in page
    assert f">{verb}</button>" in page
    assert f'action="{path}"' in page, "the page has the address that does it"
    assert f'href="{back}" data-keep' in page
    assert fields(page) == sent


async def test_the_pages_lead_to_it(rosa: httpx.AsyncClient) -> None:
    for path, there in ((ONE, f"{ONE}cancel/"), (WORK, f"{WORK}archive-toggle/")):
        assert f'href="{there}" data-dialog' in (await rosa.get(path)).text


async def test_a_job_that_was_left_by_its_own_page_is_come_back_to(
    rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf
) -> None:
    job = f"{ONE}ddddbbbbccccdddd/"
    page = (await rosa.get(f"{job}cancel/?back=job")).text
    assert f'href="{job}" data-keep' in page
    neighbours.answers["POST jobs/job-requests/7/cancellation"] = {"actions": ["model"]}
    sent = {"csrf": csrf(page)} | fields(page)
    assert (await rosa.post(f"{job}cancel/", data=sent)).headers["location"] == job


async def test_an_archived_workspace_is_asked_about_the_other_way_round(
    rosa: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    neighbours.answers["GET projects/workspaces/study-ws"] = samples.workspace_page(is_archived=True)
    page = (await rosa.get(f"{WORK}archive-toggle/")).text
    assert "Use study-ws again?" in page
    assert fields(page) == {"is_archived": ""}


@pytest.mark.parametrize("path", [f"{ONE}cancel/", f"{JOB}cancel/", f"{WORK}archive-toggle/"])
async def test_who_may_not_is_not_asked(rosa: httpx.AsyncClient, neighbours: Neighbours, path: str) -> None:
    neighbours.people["ravi-session"] = person(3, "ravi")
    rosa.cookies.set("session_80", "ravi-session")
    answer = await rosa.get(path)
    assert answer.status_code == (403 if "archive" in path else 404), "J38"
    assert "can cancel it" in answer.text or "<h1>You may not do this</h1>" in answer.text
    assert "data-confirm" not in answer.text
    rosa.cookies.clear()
    answer = await rosa.get(path)
    assert (answer.status_code, answer.headers["location"][:12]) == (302, "/login/?next")


async def test_what_has_ended_is_not_asked_about(rosa: httpx.AsyncClient, neighbours: Neighbours) -> None:
    page = await rosa.get(f"{JOB}cancel/", follow_redirects=True)
    assert "has already ended." in page.text
    jobs = [samples.job("extract", "succeeded")]
    neighbours.answers["GET jobs/job-requests/7"] = samples.request(
        jobs=jobs, status="succeeded", completed_at=samples.NOW
    )
    page = await rosa.get(f"{ONE}cancel/", follow_redirects=True)
    assert "Request 7 has already ended." in page.text


async def test_a_reason_that_is_needed_is_asked_for_and_what_was_typed_is_kept(
    rosa: httpx.AsyncClient, csrf: Csrf
) -> None:
    assert ">Reason</label>" in (await rosa.get(EXAMPLE)).text
    right = await token(rosa, csrf)
    for typed, fault in (
        (None, "Say why."),
        (" \n", "Say why."),
        ("<b>" + "x" * 200, "Use at most 200 characters."),
    ):
        answer = await rosa.post(EXAMPLE, data={"csrf": right} | ({"reason": typed} if typed else {}))
        assert answer.status_code == 400
        assert "<title>Error: Remove Ada" in answer.text
        assert f'<a href="#confirm-reason">{fault}</a>' in answer.text
        assert re.search(rf'id="confirm-reason-error">.*{re.escape(fault)}</p>', answer.text)
        assert (typed or "").replace("<", "&lt;").replace(">", "&gt;") in answer.text
    answer = await rosa.post(EXAMPLE, data={"csrf": right, "reason": "She left."}, follow_redirects=True)
    assert "Confirmed." in answer.text


def test_a_reason_may_be_left_out_where_it_is_not_needed() -> None:
    asked = Confirmation("Remove?", (), "Remove", "/x/", "/", reason=Reason(most=5))
    assert asked.form(FormData({"reason": ""})).fits()
    assert not asked.form(FormData({"reason": "longer"})).fits()
