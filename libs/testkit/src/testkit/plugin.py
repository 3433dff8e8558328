"""Fixtures for every test of the project; loaded by pytest's configuration."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kit import logging
from kit.http import Client

from testkit import apps
from testkit.bus import Bus
from testkit.choice import choose
from testkit.servers import nats_server, postgres_server
from testkit.world import World, new_database

_SERVERS = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Log as every process does: loggers keep what they meet at their first use."""
    logging.configure("tests")
    try:
        config.stash[_SERVERS] = choose()
    except ValueError as exc:
        raise pytest.UsageError(str(exc)) from exc


def pytest_report_header(config: pytest.Config) -> str:
    return f"servers: {config.stash[_SERVERS]}"


@pytest.fixture(scope="session")
def run_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home: Path = tmp_path_factory.mktemp("servers")
    return home


@pytest.fixture(scope="session")
async def world(run_home: Path) -> AsyncIterator[World]:
    """PostgreSQL and NATS of this pytest worker, with a bootstrapped database; migrated on demand."""
    with postgres_server(run_home) as superuser, nats_server(run_home) as nats_url:
        made = World(await new_database(superuser), nats_url)
        yield made
        await made.close()


@pytest.fixture
async def bus(world: World) -> AsyncIterator[Callable[[str], Bus]]:
    """`bus("jobs")` delivers messages to subscriptions of that service."""
    made: list[Bus] = []

    def make(service: str) -> Bus:
        made.append(Bus(world, service))
        return made[-1]

    yield make
    for one in made:
        await one.close()


Speak = Callable[..., Client]


@pytest.fixture
async def speak(world: World, url: str) -> AsyncIterator[Speak]:
    """To the service at `url`: `speak(service="jobs")`, `speak(by=claims)`, or `speak()` as nobody."""
    made: list[Client] = []

    def make(**who: Any) -> Client:
        made.append(world.client(url, **who))
        return made[-1]

    yield make
    for client in made:
        await client.close()


@pytest.fixture(scope="session")
def service_app(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """`service_app("jobs")`: the application as it would be served, never run."""
    storage: Path = tmp_path_factory.mktemp("storage")
    return lambda name: apps.service_app(name, storage)


class Clock:
    """A clock that stands still until told: call it for the time."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The recordings and data that lie beside the project; only their absence may skip, outside CI."""
    import os

    folder = Path(__file__).parents[5] / "shared"
    if not folder.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{folder} must be there in CI")
        pytest.skip("the recordings are not here")
    return folder
