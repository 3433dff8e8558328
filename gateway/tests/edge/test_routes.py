"""Names that people may choose can never hide a page (P7, P9)."""

import httpx
import pytest
from contracts.words import RESERVED_PROJECT_SLUGS, RESERVED_WORKSPACE_NAMES
from testkit.apps import gateway_routes

from ..conftest import Neighbours


def paths() -> list[list[str]]:
    return [path.strip("/").split("/") for _, path in gateway_routes()]


def test_no_project_can_take_the_place_of_a_page() -> None:
    first = {parts[0] for parts in paths() if parts[0] and not parts[0].startswith("{")}
    assert first <= RESERVED_PROJECT_SLUGS
    assert {"api", "static", "health", "live", "metrics"} <= RESERVED_PROJECT_SLUGS


def test_no_workspace_can_take_the_place_of_a_page_of_its_project() -> None:
    second = {
        parts[1]
        for parts in paths()
        if len(parts) > 1 and parts[0] == "{project}" and not parts[1].startswith("{")
    }
    assert second <= RESERVED_WORKSPACE_NAMES


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/projects", "/projects/"),
        ("/projects//", "/projects/"),
        ("//projects/", "/projects/"),
        ("/event-log?q=a%20b&state=failed", "/event-log/?q=a%20b&state=failed"),
        ("/study//study-ws/7", "/study/study-ws/7/"),
        ("//ui-components", "/ui-components"),
        ("//evil.test/x/1", "/evil.test/x/1/"),
    ],
)
async def test_an_address_with_a_slash_too_few_or_too_many_leads_to_its_page(
    site: httpx.AsyncClient, path: str, there: str
) -> None:
    answer = await site.get(str(site.base_url) + path)
    assert (answer.status_code, answer.headers["location"]) == (301, there)


async def test_a_body_is_sent_on_to_the_right_address(site: httpx.AsyncClient) -> None:
    answer = await site.post("/study/study-ws/run-jobs", data={"backend": "tpp"})
    assert (answer.status_code, answer.headers["location"]) == (308, "/study/study-ws/run-jobs/")


@pytest.mark.parametrize("path", ["/nowhere/at/all/of/it", "/a/b/c/d//"])
async def test_what_is_nowhere_is_not_found_with_or_without_a_slash(
    site: httpx.AsyncClient, path: str
) -> None:
    assert (await site.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("path", "takes"), [("/settings/", "GET, HEAD, POST"), ("/projects/", "GET, HEAD"), ("/logout/", "POST")]
)
async def test_a_method_that_an_address_does_not_take_is_a_page_that_says_so(
    site: httpx.AsyncClient, path: str, takes: str
) -> None:
    await site.get(path)  # what readers of the same second share is no answer to another method
    answer = await site.delete(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, takes)
    assert "does not take that kind of request" in answer.text
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"


async def test_a_ref_may_hold_slashes(rosa: httpx.AsyncClient, neighbours: Neighbours) -> None:
    answer = await rosa.get("/study/study-ws/run-jobs/release/1.2/")
    assert answer.status_code == 200
    assert "ref=release%2F1.2" in neighbours.queries[-1]
