"""The probe as a process of its own and in this one, and a neighbour that answers what a test tells it."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from kit.identity import HEADER
from kit.settings import ServiceSettings
from launcher.embedded.child import free_port
from testkit.waiting import eventually
from testkit.world import World, running

from . import probe


@dataclass
class Program:
    """A process of the kit; what it logs stands in a file."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    async def line(self, **wanted: Any) -> dict[str, Any]:
        """The first log line with these values."""

        async def there() -> dict[str, Any] | None:
            return next((line for line in self.lines() if wanted.items() <= line.items()), None)

        found: dict[str, Any] = await eventually(there)
        return found

    async def end(self, number: int) -> int:
        """The exit code after this signal."""
        self.process.send_signal(number)
        return await asyncio.to_thread(self.process.wait, 10)


Start = Callable[..., Awaitable[Program]]


@pytest.fixture(scope="session")
def settings(world: World) -> dict[str, Any]:
    return world.settings("identity")


@pytest.fixture(scope="session")
async def start(settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Start]:
    """`start("app", "service.probe:create")` with the variables of a service; `ready` is when it answers."""
    started: list[Program] = []

    async def go(kind: str, target: str) -> Program:
        port = free_port()
        values = settings | {"port": port, "pythonpath": Path(__file__).parents[1]}
        pairs = {"verify_keys": ",".join(f"{k}={v}" for k, v in values["verify_keys"].items())}
        environment = {name.upper(): str(value) for name, value in (values | pairs).items()}
        log = tmp_path_factory.mktemp("program") / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: ASYNC220  # it returns at once
                [sys.executable, "-m", "kit.process", kind, target],
                env=environment | {"PATH": os.environ["PATH"]},
                stdout=out,
                stderr=out,
            )
        program = Program(process, f"http://127.0.0.1:{port}", log)
        started.append(program)

        async def answers() -> bool:
            if process.poll() is not None:
                return True
            async with httpx.AsyncClient() as client:
                try:
                    return (await client.get(f"{program.url}/health/live")).status_code == 200
                except httpx.TransportError:
                    return False

        await eventually(answers)
        return program

    yield go
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
        program.process.wait()


@pytest.fixture(scope="session")
async def program(start: Start) -> Program:
    """The probe as a process of its own."""
    return await start("app", "service.probe:create")


@pytest.fixture
async def asking(world: World, program: Program) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody with a statement speaks to the process."""
    headers = {HEADER: world.signer().sign(kind="anonymous")}
    async with httpx.AsyncClient(base_url=program.url, headers=headers) as client:
        yield client


@pytest.fixture(scope="session")
async def url(settings: dict[str, Any]) -> AsyncIterator[str]:
    """The probe in this process."""
    async with running(probe.create(ServiceSettings(**settings))) as url:
        yield url


@pytest.fixture
async def client(world: World, url: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {HEADER: world.signer().sign(kind="anonymous")}
    async with httpx.AsyncClient(base_url=url, headers=headers) as client:
        yield client
