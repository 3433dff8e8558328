"""Search: what is found, and by whom."""

import httpx
import pytest
from clients.identity import Hit

from ..addresses import RELEASE, RELEASE_ID
from ..conftest import Neighbours


@pytest.mark.parametrize(
    ("kind", "key", "there"),
    [
        ("request", "7", "/job-requests/7/"),
        ("action", "ex tract", "/event-log/?q=ex%20tract"),
        ("job", "aaaabbbbccccdddd", "/jobs/aaaabbbbccccdddd/"),
        ("workspace", "study/study-ws", "/study/study-ws/"),
    ],
)
async def test_the_only_thing_that_is_found_is_gone_to(
    site: httpx.AsyncClient, neighbours: Neighbours, kind: str, key: str, there: str
) -> None:
    neighbours.answers |= {f"GET {name}/search": [] for name in ("projects", "identity")}
    neighbours.answers["GET jobs/search"] = [Hit(kind=kind, key=key, title=key)]
    answer = await site.get("/search/?q=whatever")
    assert (answer.status_code, answer.headers["location"]) == (302, there)


async def test_releases_are_found_by_those_who_may_see_them(
    rosa: httpx.AsyncClient, site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    neighbours.answers |= {f"GET {name}/search": [] for name in ("projects", "identity", "jobs")}
    answer = await rosa.get(f"/search/?q={RELEASE_ID.lower()}")
    assert (answer.status_code, answer.headers["location"]) == (
        302,
        RELEASE,
    )
    rosa.cookies.clear()
    assert "Nothing found" in (await site.get("/search/?q=study")).text
