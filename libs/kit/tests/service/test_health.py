"""Which part is down, and the health check of images that have no curl."""

import asyncio
import sys
import time
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI
from kit import health, healthcheck
from testkit.world import running


async def fine() -> None:
    return


async def refused() -> None:
    raise ConnectionRefusedError("nobody listens")


async def long_winded() -> None:
    raise ValueError("x" * 1000)


async def stuck() -> None:
    await asyncio.sleep(60)


def app(**checks: health.Check) -> FastAPI:
    made = FastAPI()
    made.include_router(health.router(checks))
    return made


async def ready(url: str) -> tuple[int, dict[str, str]]:
    async with httpx.AsyncClient(base_url=url) as client:
        assert (await client.get("/health/live")).text == "ok"
        answer = await client.get("/health/ready")
    return answer.status_code, answer.json()


async def test_who_has_all_parts_is_ready() -> None:
    async with running(app(database=fine, broker=fine)) as url:
        assert await ready(url) == (200, {"database": "ok", "broker": "ok"})
    async with running(app()) as url:
        assert await ready(url) == (200, {})


async def test_who_is_not_ready_says_which_part_is_down_and_why_and_does_not_wait_for_it() -> None:
    started = time.monotonic()
    async with running(app(database=fine, broker=refused, disk=stuck, other=long_winded)) as url:
        status, parts = await ready(url)
    assert status == 503
    assert parts["database"] == "ok"
    assert parts["broker"] == "ConnectionRefusedError: nobody listens"
    assert parts["disk"].startswith("TimeoutError")
    assert (parts["other"][:14], len(parts["other"])) == ("ValueError: xx", 200)
    assert time.monotonic() - started < 4


async def ends_with(monkeypatch: pytest.MonkeyPatch, port: int | None) -> object:
    """What the program would exit with."""
    monkeypatch.setattr(sys, "argv", ["kit.healthcheck", str(port)])
    with pytest.raises(SystemExit) as ended:
        await asyncio.to_thread(healthcheck.main)
    return ended.value.code


async def test_the_program_ends_well_only_when_the_process_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = fine
    async with running(app(broker=lambda: broker())) as url:
        port = urlsplit(url).port
        assert await ends_with(monkeypatch, port) == 0
        broker = refused
        assert "503" in str(await ends_with(monkeypatch, port))
    assert "refused" in str(await ends_with(monkeypatch, 1))
