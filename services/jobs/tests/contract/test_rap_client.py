"""Every answer that is known of the real controller, condensed or recorded, means to us what it should."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import respx
from httpx import Response
from jobs.rap.client import Answered, NoAnswer, RapClient
from jobs.rap.sync import Answer
from testkit import wire

# "<where it comes from> <name>" -> exchange
EXCHANGES: dict[str, Any] = {
    f"{source} {name}": one for source, exchanges in wire.rap().items() for name, one in exchanges.items()
}
BASE = "http://controller.test/controller/v1/"


def of(call: str) -> list[str]:
    return [
        name
        for name, recorded in EXCHANGES.items()
        if recorded["request"]["url"].endswith(f"/{call}/") and recorded["request"]["method"] == "POST"
    ]


@pytest.fixture
def replay() -> Iterator[Any]:
    with respx.mock(assert_all_called=False) as router:

        def answer(name: str) -> respx.Route:
            recorded = EXCHANGES[name]["response"]
            content = recorded["body"].encode()
            headers = {"Content-Type": recorded["headers"].get("Content-Type", "")}
            path = EXCHANGES[name]["request"]["url"].split("/controller/v1/")[1]
            return router.route(url=BASE + path).mock(
                Response(recorded["status"], content=content, headers=headers)
            )

        yield answer


def test_the_recordings_are_there(shared: Path) -> None:
    assert len([name for name in EXCHANGES if name.startswith("recorded")]) > 60


@pytest.mark.parametrize("name", of("rap/create"))
async def test_create(name: str, replay: Any) -> None:
    route, recorded = replay(name), EXCHANGES[name]
    client = RapClient(BASE, recorded["request"]["headers"].get("Authorization", ""))
    try:
        status = recorded["response"]["status"]
        body = json.loads(recorded["request"]["body"] or "null") if "create-ok" in name else {}
        if status in {200, 201}:
            answer = await client.create(body)
            assert answer["count"] == recorded["response"]["json"]["count"]
        elif recorded["response"].get("json"):
            with pytest.raises(Answered) as refusal:
                await client.create(body)
            assert refusal.value.status == status
            assert refusal.value.details == recorded["response"]["json"].get("details", refusal.value.details)
        else:
            with pytest.raises(NoAnswer):
                await client.create(body)
        sent = route.calls.last.request
        if "create-ok" in name:
            assert sent.headers["Authorization"] == recorded["request"]["headers"]["Authorization"]
            assert json.loads(sent.content) == body
    finally:
        await client.close()


@pytest.mark.parametrize("name", of("rap/status"))
async def test_status(name: str, replay: Any) -> None:
    replay(name)
    client = RapClient(BASE, "rap-client-token")
    try:
        if EXCHANGES[name]["response"]["status"] != 200:
            with pytest.raises((Answered, NoAnswer)):
                await client.status(["x"])
            return
        found = msgspec.json.decode(await client.status(["x"]), type=Answer)
        wanted = EXCHANGES[name]["response"]["json"]
        assert [job.identifier for job in found.jobs] == [job["identifier"] for job in wanted["jobs"]]
        assert found.unrecognised_rap_ids == wanted["unrecognised_rap_ids"]
    finally:
        await client.close()


@pytest.mark.parametrize("name", of("rap/cancel"))
async def test_cancel(name: str, replay: Any) -> None:
    replay(name)
    client = RapClient(BASE, "rap-client-token")
    recorded = EXCHANGES[name]["response"]
    try:
        if recorded["status"] == 200:
            assert await client.cancel("x", ["a"]) == recorded["json"]
        else:
            with pytest.raises((Answered, NoAnswer)):
                await client.cancel("x", ["a"])
    finally:
        await client.close()


@pytest.mark.parametrize("name", [n for n in EXCHANGES if "backend-status" in n and "no-slash" not in n])
async def test_backend_status(name: str, replay: Any) -> None:
    replay(name)
    client = RapClient(BASE, "rap-client-token")
    recorded = EXCHANGES[name]["response"]
    try:
        if recorded["status"] == 200:
            assert [b["slug"] for b in await client.backend_status()] == [
                b["slug"] for b in recorded["json"]["backends"]
            ]
        else:
            with pytest.raises((Answered, NoAnswer)):
                await client.backend_status()
    finally:
        await client.close()
