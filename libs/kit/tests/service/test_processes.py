"""Programs as an image starts them: from their variables to their end."""

import asyncio
import json
import signal
import socket
import time
from typing import Any

import httpx
import pytest
from kit import process
from kit.identity import HEADER
from testkit.world import World

from .conftest import Program, Start


@pytest.fixture(scope="module")
async def programs(start: Start) -> list[Program]:
    """A service and a worker, booted together, which takes less time."""
    targets = (("app", "service.probe:create"), ("worker", "service.probe:work"))
    return await asyncio.gather(*(start(kind, target) for kind, target in targets))


async def ready(program: Program) -> tuple[int, dict[str, Any]]:
    async with httpx.AsyncClient(base_url=program.url) as client:
        answer = await client.get("/health/ready")
    return answer.status_code, answer.json()


async def test_a_service_answers_what_was_asked_before_it_ends(programs: list[Program], world: World) -> None:
    program = programs[0]
    assert await ready(program) == (200, {"sql": "ok"})
    headers = {HEADER: world.signer().sign(kind="anonymous")}
    async with httpx.AsyncClient(base_url=program.url, headers=headers) as client:
        await client.get("/fine")  # leaves a connection that is kept alive
        async with client.stream("GET", "/slow") as answer:
            parts = answer.aiter_raw()
            assert await anext(parts) == b"first "
            ending = asyncio.create_task(program.end(signal.SIGTERM))
            assert [part async for part in parts] == [b"last"]
    # uvicorn passes the signal on once everything is closed.
    assert await ending in {0, -signal.SIGTERM}
    assert [text for text in program.log.read_text().splitlines() if not text.startswith("{")] == []


async def test_a_worker_works_until_it_is_told_to_end(programs: list[Program]) -> None:
    program = programs[1]
    assert await ready(program) == (200, {"self": "ok"})
    async with httpx.AsyncClient(base_url=program.url) as client:
        assert (await client.get("/fine")).status_code == 404
        assert "http_request_seconds" in (await client.get("/metrics")).text
    started = time.monotonic()
    assert await program.end(signal.SIGTERM) == 0
    assert time.monotonic() - started < 5


async def test_a_worker_that_ends_by_itself_is_an_error() -> None:
    async def give_up(stop: asyncio.Event) -> None:
        """Ends though nobody asked it to."""

    try:
        with pytest.raises(SystemExit) as ended:
            await process._work(give_up, process.listen(0))
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(number)
    assert ended.value.code == 1


def test_a_program_is_named_by_its_module() -> None:
    assert process.load("json:dumps") is json.dumps
    for odd in ("json:nothing", "json", ""):
        with pytest.raises((AttributeError, ValueError)):
            process.load(odd)
    with pytest.raises(ModuleNotFoundError):
        process.load("no.such.module:main")


def test_a_program_listens_on_one_address_and_its_children_may_too() -> None:
    with process.listen(0) as bound:
        address, port = bound.getsockname()
        assert address == "127.0.0.1"
        assert bound.proto == socket.IPPROTO_TCP
        assert bound.get_inheritable()
        with socket.create_connection((address, port), 1) as connection:
            assert connection.getpeername() == (address, port)
        with pytest.raises(OSError, match="in use"):
            process.listen(port)
    process.listen(port).close()
