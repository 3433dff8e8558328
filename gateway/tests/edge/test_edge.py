"""What the gateway does by itself, with every service away (I19)."""

from collections.abc import AsyncIterator

import httpx
import pytest
from contracts.catalogue import SERVICES
from gateway.app import create
from gateway.settings import Settings
from testkit.world import World, running


@pytest.fixture(scope="module")
async def web(world: World) -> AsyncIterator[httpx.AsyncClient]:
    nowhere = {f"{service}_url": "http://127.0.0.1:1" for service in SERVICES}
    settings = Settings(**world.settings("gateway", secret_key="secret", **nowhere))
    async with running(create(settings)) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/login/", "/nowhere/", "/a/b/c/d/e/"])
async def test_every_page_has_its_security_headers(web: httpx.AsyncClient, path: str) -> None:
    headers = (await web.get(path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


async def test_a_page_that_is_not_there_says_so_as_a_page(web: httpx.AsyncClient) -> None:
    answer = await web.get("/a/b/c/d/e/f/")
    assert answer.status_code == 404
    assert "<h1>" in answer.text


async def test_an_address_of_the_api_that_is_not_there_says_so_as_json(web: httpx.AsyncClient) -> None:
    answer = await web.get("/api/v2/nothing")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})


async def test_a_service_that_is_away_is_an_honest_answer(web: httpx.AsyncClient) -> None:
    page = await web.get("/projects/")
    assert page.status_code == 503
    assert "Traceback" not in page.text
    api = await web.get("/api/v2/workspaces/x/statuses/")
    assert api.status_code == 503
    assert api.json()["detail"]


async def test_a_form_needs_its_token_and_its_own_site(web: httpx.AsyncClient) -> None:
    path = "/demo-project/demo-workspace/run-jobs/"
    for headers in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await web.post(path, data={"backend": "tpp"}, headers=headers)
        assert answer.status_code in {400, 401, 403}, headers
    evil = await web.post("/logout/", headers={"Origin": "https://evil.example"})
    assert evil.status_code in {400, 403}


async def test_a_body_over_the_limit_is_413(web: httpx.AsyncClient) -> None:
    answer = await web.post(
        "/login/github/",
        content=b"next=" + b"x" * (3 * 1024 * 1024),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/live", "/live?topic="])
async def test_a_stream_about_nothing_is_refused(web: httpx.AsyncClient, path: str) -> None:
    assert (await web.get(path)).status_code == 400


async def test_figures_are_not_for_everybody(web: httpx.AsyncClient) -> None:
    assert (await web.get("/metrics")).status_code == 404
    assert (await web.get("/health-check/")).status_code == 200


async def test_static_files_are_kept_for_ever_and_others_are_not_there(web: httpx.AsyncClient) -> None:
    page = (await web.get("/login/")).text
    sheet = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = await web.get(sheet)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert (await web.get("/static/%2e%2e/app.py")).status_code == 404


async def test_where_a_form_comes_from_is_the_sites_address_not_the_host_sent(world: World) -> None:
    nowhere = {f"{service}_url": "http://127.0.0.1:1" for service in SERVICES}
    given = world.settings("gateway", secret_key="secret", **nowhere) | {"base_url": "https://ours.example"}
    found = {}
    async with running(create(Settings(**given))) as url, httpx.AsyncClient(base_url=url) as client:
        for origin in ("https://ours.example", "https://evil.example"):
            headers = {"Origin": origin, "Host": "evil.example"}
            found[origin] = (await client.post("/logout/", headers=headers)).status_code
    assert found["https://evil.example"] == 400
    assert found["https://ours.example"] != 400
