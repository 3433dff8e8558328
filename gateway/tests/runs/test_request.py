"""The page of a request: what it tells, how large it gets, and cancelling."""

import httpx
import pytest

from .. import samples
from ..addresses import ONE
from ..conftest import Csrf, Neighbours, refused, token


async def test_the_state_of_a_request_is_told_in_words(site: httpx.AsyncClient) -> None:
    page = (await site.get(ONE)).text
    for words in (
        "<b>1</b> succeeded",
        "<b>1</b> running",
        "<b>1</b> waiting",
        "<b>1</b> failed",
        "<b>1</b> blocked",
        "<b>1</b> cancelled",
        "14 jobs waiting or running on",
        "Its log is in Airlock: metadata/describe.log",
    ):
        assert words in page, words


@pytest.mark.parametrize("count", [200, 1_000, 2_191])
async def test_the_page_of_a_large_request_is_below_300_kb(
    rosa: httpx.AsyncClient, neighbours: Neighbours, count: int
) -> None:
    """The largest pipeline known, each message at its bound; a live update has the same bound."""
    jobs = [
        samples.job(
            f"generate_study_population_{n:04}",
            "failed" if n % 3 else "running",
            status_message="word " * 800,
            identifier=f"{n:016}",
        )
        for n in range(count)
    ]
    neighbours.answers["GET jobs/job-requests/7"] = samples.request(jobs=jobs, status="running")
    for path in (ONE, f"{ONE}fragments/jobs/", f"{ONE}?state=failed&find=9&first=100"):
        answer = await rosa.get(path)
        assert answer.status_code == 200
        assert len(answer.content) < 300_000, path


async def test_cancelling_says_what_was_asked_for(
    rosa: httpx.AsyncClient, neighbours: Neighbours, csrf: Csrf
) -> None:
    right = await token(rosa, csrf)
    neighbours.answers["POST jobs/job-requests/7/cancellation"] = {"actions": ["model", "report"]}
    page = await rosa.post(f"{ONE}cancel/", data={"csrf": right}, follow_redirects=True)
    assert "Asked for 2 jobs in request 7 to be cancelled." in page.text
    assert neighbours.sent[-1] == {"actions": None}
    await rosa.post(f"{ONE}dddd/cancel/", data={"csrf": right})
    assert neighbours.sent[-1] == {"actions": ["model"]}
    neighbours.answers["POST jobs/job-requests/7/cancellation"] = refused(status=409)
    page = await rosa.post(f"{ONE}cancel/", data={"csrf": right}, follow_redirects=True)
    assert "No &amp; no." in page.text
