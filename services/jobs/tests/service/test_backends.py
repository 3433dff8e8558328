"""What the controller says of backends is kept, and told when it matters (J43 to J47)."""

import asyncio
from typing import Any

import httpx
import pytest
from clients.jobs import BackendStatus, JobsClient
from contracts.identity import BackendState
from jobs.rap.backends import BackendWatch
from jobs.rap.client import RapClient, RapError
from jobs.settings import Settings
from messaging.uow import Units
from testkit.plugin import Speak
from testkit.world import World

from .conftest import Made

CHANGED = "jobs.backend.health_changed.v1"


@pytest.fixture
def watch(
    settings: dict[str, Any], made: Made, rap: RapClient, control: httpx.AsyncClient, units: Units
) -> BackendWatch:
    return BackendWatch(Settings(**settings), units, rap)


async def shown(speak: Speak) -> dict[str, BackendStatus]:
    return {one.slug: one for one in await JobsClient(speak()).backends()}


async def test_nothing_is_known_before_the_first_answer(made: Made, speak: Speak) -> None:
    tpp = (await shown(speak))["tpp"]
    assert (tpp.last_seen_at, tpp.missing, tpp.paused, tpp.in_maintenance) == (None, False, False, False)
    assert tpp.unknown == "never_mentioned"


async def test_a_backend_that_is_no_longer_mentioned_is_not_known_since_then(
    watch: BackendWatch, speak: Speak, world: World, control: httpx.AsyncClient
) -> None:
    await watch.once()
    assert (await shown(speak))["tpp"].unknown is None
    before = len(await world.announced("jobs"))
    await control.post("/backends/tpp", json={"hidden": True})
    for _ in range(2):
        await watch.once()
    tpp = (await shown(speak))["tpp"]
    assert tpp.unknown == "unmentioned"
    assert tpp.unknown_since
    assert (await world.announced("jobs"))[before:] == [CHANGED]
    await control.post("/backends/tpp", json={"hidden": False})
    await watch.once()
    assert (await shown(speak))["tpp"].unknown is None


@pytest.mark.parametrize(
    ("kind", "trouble"), [("refuse", "controller_refuses"), ("html", "controller_unclear")]
)
async def test_while_the_controller_tells_nothing_no_backend_is_known(
    watch: BackendWatch, speak: Speak, control: httpx.AsyncClient, kind: str, trouble: str
) -> None:
    await watch.once()
    await control.post("/faults/backend_status", json={"kind": kind})
    running = asyncio.create_task(watch.run())
    async with asyncio.timeout(10):
        while {one.unknown for one in (await shown(speak)).values()} != {trouble}:
            await asyncio.sleep(0.02)
    running.cancel()
    assert all(one.unknown_since for one in (await shown(speak)).values())
    await watch.once()
    assert {one.unknown for one in (await shown(speak)).values()} == {None}


async def test_paused_and_maintenance_are_kept_per_backend(
    watch: BackendWatch, speak: Speak, control: httpx.AsyncClient
) -> None:
    await control.post("/backends/tpp", json={"maintenance": True})
    await control.post("/backends/test", json={"paused": True})
    await watch.once()
    found = await shown(speak)
    assert (found["tpp"].paused, found["tpp"].in_maintenance) == (False, True)
    assert (found["test"].paused, found["test"].in_maintenance) == (True, False)
    assert found["tpp"].maintenance_since
    assert found["test"].paused_since
    await control.post("/backends/tpp", json={"maintenance": False})
    await watch.once()
    tpp = (await shown(speak))["tpp"]
    assert not tpp.in_maintenance
    assert tpp.maintenance_since, "the time of the last change stays"


async def test_a_change_is_told_once_and_a_sign_of_life_never(
    watch: BackendWatch, world: World, control: httpx.AsyncClient
) -> None:
    await watch.once()
    before = len(await world.announced("jobs"))
    await watch.once()
    await control.post("/backends/tpp", json={"last_seen": 1_900_000_000})
    await watch.once()
    assert len(await world.announced("jobs")) == before
    await control.post("/backends/tpp", json={"paused": True})
    await asyncio.gather(*(watch.once() for _ in range(3)))
    await watch.once()
    assert (await world.announced("jobs"))[before:] == [CHANGED]


async def test_a_backend_not_heard_of_for_its_time_out_is_missing(
    watch: BackendWatch, speak: Speak, control: httpx.AsyncClient, world: World
) -> None:
    [now] = await world.rows("jobs", "select extract(epoch from now())::float8 as at")
    await control.post("/backends/tpp", json={"last_seen": now["at"] - 301})
    await control.post("/backends/test", json={"last_seen": now["at"] - 200})
    await watch.once()
    found = await shown(speak)
    assert (found["tpp"].missing, found["test"].missing) == (True, False)


async def test_a_backend_that_was_never_seen_is_not_missing(
    watch: BackendWatch, speak: Speak, control: httpx.AsyncClient
) -> None:
    await watch.once()
    await control.post("/backends/tpp", json={"last_seen": None})
    await watch.once()
    tpp = (await shown(speak))["tpp"]
    assert (tpp.last_seen_at, tpp.missing) == (None, False)


async def test_inactive_backends_are_not_shown(made: Made, speak: Speak) -> None:
    await made.known(old=BackendState(id=3, version=1, slug="old", name="Old", is_active=False))
    assert sorted(await shown(speak)) == ["test", "tpp"]


async def test_jobs_of_all_requests_are_counted(made: Made, speak: Speak) -> None:
    await made.request(1, live=3, pending=2, running=1)
    await made.request(2, live=1, running=1)
    await made.request(3, backend="test", live=4, pending=4)
    found = await shown(speak)
    assert (found["tpp"].pending, found["tpp"].running) == (2, 2)
    assert (found["test"].pending, found["test"].running) == (4, 0)
    assert len(found["tpp"].finished_last_day) == 24


def told(slug: str, **more: Any) -> dict[str, Any]:
    values = {
        "slug": slug,
        "last_seen": "2026-11-24T09:00:00.123456Z",
        "paused": {"status": "on", "since": None},
        "db_maintenance": {"status": "off", "since": None, "type": None},
    }
    return values | more


@pytest.mark.parametrize(
    "nonsense",
    [
        told("no-such-backend"),
        told("test", last_seen="yesterday"),
        told("test", paused=None),
        told("test", paused={"status": "on", "since": "2026-99-99T00:00:00Z"}),
        {"slug": "test"},
        {},
        "test",
        None,
        5,
    ],
)
async def test_a_backend_that_makes_no_sense_hides_no_other(
    watch: BackendWatch, speak: Speak, nonsense: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def said(self: RapClient) -> list[Any]:
        return [nonsense, told("tpp")]

    monkeypatch.setattr(RapClient, "backend_status", said)
    await watch.once()
    assert (await shown(speak))["tpp"].paused


@pytest.mark.parametrize("kind", ["500", "html", "garbage", "drop", "refuse"])
async def test_what_was_known_stays_while_the_controller_gives_no_answer(
    watch: BackendWatch, speak: Speak, control: httpx.AsyncClient, kind: str
) -> None:
    await control.post("/backends/tpp", json={"paused": True})
    await watch.once()
    await control.post("/faults/backend_status", json={"kind": kind})
    with pytest.raises(RapError):
        await watch.once()
    assert (await shown(speak))["tpp"].paused
    await control.post("/backends/tpp", json={"paused": False})
    await watch.once()
    assert not (await shown(speak))["tpp"].paused
