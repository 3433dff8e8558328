"""Deadlines of calls through /api/v2, and what is not held by others' slowness."""

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from clients.identity import BackendCredential
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from gateway import memory

from ..conftest import Neighbours

STATUSES = "GET jobs/api/v2/workspaces/w/statuses"
BACKEND = {"Authorization": "token"}


class Late(Response):
    """An answer that takes its time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(b"{}", media_type="application/json")
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(self.seconds)
        await super().__call__(scope, receive, send)


async def test_authorise_answers_within_three_seconds_whatever_hangs(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    """A18"""
    neighbours.answers["POST releases/api/v2/releases/authorise"] = Late(4)
    began = time.monotonic()
    answer = await site.post("/api/v2/releases/authorise", json={"user": "rosa"})
    assert time.monotonic() - began < 3.5
    assert (answer.status_code, bool(answer.json()["detail"])) == (503, True)
    assert answer.headers["retry-after"]


async def test_slow_calls_of_many_refuse_nobody(site: httpx.AsyncClient, neighbours: Neighbours) -> None:
    neighbours.answers[STATUSES] = Late(1)
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=site.base_url, limits=limits, timeout=30) as client:
        many = [client.get("/api/v2/workspaces/w/statuses/") for _ in range(memory.WAITING + 16)]
        found = await asyncio.gather(*many)
    assert {answer.status_code for answer in found} == {200}


async def test_more_than_can_be_held_are_told_to_come_again(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    neighbours.answers["POST releases/api/v2/releases/authorise"] = 503
    neighbours.answers["POST identity/backends/resolve"] = BackendCredential(backend="tpp")
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=site.base_url, limits=limits, timeout=30) as client:
        many = [
            client.post("/api/v2/releases/authorise", json={}, headers=BACKEND)
            for _ in range(memory.WAITING + 16)
        ]
        found = await asyncio.gather(*many)
    refused = [answer for answer in found if "Too many calls" in answer.text]
    assert len(refused) == 16
    assert {(answer.status_code, bool(answer.headers["retry-after"])) for answer in refused} == {(503, True)}


async def test_what_strangers_send_is_not_kept_to_be_sent_again(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    neighbours.answers["POST releases/api/v2/releases/authorise"] = 503
    began = time.monotonic()
    assert (await site.post("/api/v2/releases/authorise", json={})).status_code == 503
    assert time.monotonic() - began < 1


async def test_a_download_that_progresses_may_last(
    site: httpx.AsyncClient, neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(8):
            yield b"x"
            await asyncio.sleep(0.1)

    monkeypatch.setattr(memory, "_ANSWER", 0.4)
    neighbours.answers[STATUSES] = StreamingResponse(slowly())
    assert (await site.get("/api/v2/workspaces/w/statuses/")).text == "x" * 8
