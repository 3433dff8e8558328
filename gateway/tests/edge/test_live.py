"""Live pages: names of what changed, to whoever looks at it, and nothing else."""

import asyncio
import json

import httpx
import pytest
from contracts.identity import AccessChanged
from contracts.jobs import BackendHealthChanged, JobRequestFinished, JobRequestStatusChanged
from contracts.releases import FileUploaded
from gateway.app import Gateway
from gateway.callers import Caller
from gateway.live import topics_of
from messaging.connection import Nats, connect
from messaging.envelope import encode
from testkit.world import World, person

from ..conftest import Neighbours

OF_REQUEST = {
    "job_request_id": 7,
    "workspace": "study-ws",
    "project_id": 1,
    "backend": "tpp",
    "created_by_id": 1,
}
CHANGED = JobRequestStatusChanged(**OF_REQUEST, status="running")


def test_every_fact_touches_the_pages_that_show_it() -> None:
    about_a_request = ["request:7", "runs", "status", "workspace:study-ws"]
    assert topics_of(CHANGED) == about_a_request
    assert topics_of(JobRequestFinished(**OF_REQUEST, status="failed")) == about_a_request
    health = BackendHealthChanged(backend="tpp", paused=True, in_maintenance=False, missing=False)
    assert topics_of(health) == ["status", "backend:tpp"]
    uploaded = FileUploaded(
        release_id="01A", workspace="study-ws", project_id=1, backend="tpp", file_id="01B", name="secret.csv"
    )
    assert topics_of(uploaded) == ["releases", "workspace:study-ws"]


async def say(world: World, *facts: object) -> None:
    client = await connect(world.nats_url, "test")
    try:
        for fact in facts:
            _, subject, body = encode("jobs", fact)  # type: ignore[arg-type]
            await client.publish(subject, body)
        await client.publish("jobs.job_request.status_changed.v1", b"not a fact")
        await client.flush()
    finally:
        await client.close()


async def test_a_page_hears_of_what_it_shows_and_of_nothing_else(
    site: httpx.AsyncClient, world: World
) -> None:
    heard = []
    async with site.stream("GET", "/live?topic=request:7&topic=status") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.aiter_lines()
        assert await anext(lines) == "retry: 1000"
        other = JobRequestStatusChanged(**OF_REQUEST | {"job_request_id": 8}, status="running")
        telling = asyncio.create_task(say(world, other, CHANGED))
        async with asyncio.timeout(5):
            while {"topic": "request:7"} not in heard:
                line = await anext(lines)
                if line.startswith("data: "):
                    heard.append(json.loads(line.removeprefix("data: ")))
        await telling
    assert all(set(said) == {"topic"} for said in heard)
    assert {said["topic"] for said in heard} <= {"request:7", "status"}


async def test_streams_that_were_left_are_forgotten(
    site: httpx.AsyncClient, gateway_app: tuple[Gateway, str]
) -> None:
    live = gateway_app[0].live
    async with site.stream("GET", "/live?topic=left:1") as stream:
        await anext(stream.aiter_lines())
        assert "left:1" in live._by_topic
    async with asyncio.timeout(5):
        while "left:1" in live._by_topic:
            await asyncio.sleep(0.01)


async def test_without_the_broker_no_page_is_called_live(
    site: httpx.AsyncClient, gateway_app: tuple[Gateway, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streams end at the next ping, and none begins until it is back."""
    monkeypatch.setattr("gateway.live._PING", 0.2)
    async with asyncio.timeout(5), site.stream("GET", "/live?topic=runs") as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "retry: 1000"
        monkeypatch.setattr(gateway_app[0].live, "_broker", Nats("nats://127.0.0.1:1", "away"))
        assert len([line async for line in lines]) < 10
    assert (await site.get("/live?topic=runs")).status_code == 503


async def test_a_right_that_was_taken_is_gone_within_a_second(
    rosa: httpx.AsyncClient, neighbours: Neighbours, world: World
) -> None:
    assert "archive-toggle" in (await rosa.get("/study/study-ws/")).text
    neighbours.people["rosa-session"] = person(1, "rosa")
    assert "archive-toggle" in (await rosa.get("/study/study-ws/")).text, "remembered"
    await say(world, AccessChanged(user_ids=[2]))
    assert "archive-toggle" in (await rosa.get("/study/study-ws/")).text, "that was somebody else"
    await say(world, AccessChanged(user_ids=[1]))
    async with asyncio.timeout(1):
        while "archive-toggle" in (await rosa.get("/study/study-ws/")).text:
            await asyncio.sleep(0.01)


async def test_a_changed_right_is_forgotten_wherever_it_counts(gateway_app: tuple[Gateway, str]) -> None:
    callers, late = gateway_app[0].callers, 1e12
    rosa, ravi = person(1, "rosa"), person(2, "ravi")
    known = {
        ("session", "a"): Caller("session", late, user=rosa),
        ("pat", "b"): Caller("pat", late, user=rosa),
        ("backend", "c", "rosa"): Caller("backend", late, backend="tpp", acting=rosa),
        ("session", "d"): Caller("session", late, user=ravi),
        ("backend", "e", ""): Caller("backend", late, backend="emis"),
        ("backend", "f", ""): Caller("failed", late, reason="invalid_token"),
    }
    callers._known = dict(known)
    callers.forget(AccessChanged(user_ids=[1]))
    assert set(callers._known) == {("session", "d"), ("backend", "e", "")}
    callers._known = dict(known)
    callers.forget(AccessChanged(user_ids=[], backends=["tpp", "emis"]))
    assert set(callers._known) == {("session", "a"), ("pat", "b"), ("session", "d")}
    callers.forget_everybody()
    assert not callers._known
