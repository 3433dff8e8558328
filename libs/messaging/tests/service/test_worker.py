"""A worker's relay, consumers and loops: they outlive their errors and end together."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from contracts.identity import UserLoggedIn
from kit import process
from kit.settings import ServiceSettings
from launcher.embedded.child import free_port
from launcher.embedded.nats import USERS
from launcher.embedded.nats import Nats as Server
from messaging.subscriptions import Subscription
from messaging.uow import UnitOfWork
from messaging.worker import Worker
from testkit.waiting import eventually
from testkit.world import World

DRAIN = 6  # seconds that a process has


class Running:
    """A worker at work; `stop` says how many seconds it took to end."""

    def __init__(self, worker: Worker, task: asyncio.Task[None], stop: asyncio.Event) -> None:
        self.worker = worker
        self.task = task
        self._stop = stop

    async def stop(self) -> float:
        started = time.monotonic()
        self._stop.set()
        await asyncio.wait_for(self.task, 30)
        return time.monotonic() - started

    async def say(self, *user_ids: int) -> None:
        async with self.worker.units() as uow:
            uow.publish(*(UserLoggedIn(user_id=user_id) for user_id in user_ids))


Run = Callable[..., Running]


@pytest.fixture
async def run(world: World) -> AsyncIterator[Run]:
    """`run(subscriptions, loops)` with the settings of identity; `more` replaces some."""
    world.migrate("identity")
    await world.clean("identity")
    checks = dict(process.worker_checks)
    started: list[Running] = []

    def start(subscriptions: list[Subscription], loops: tuple[Any, ...] = (), **more: Any) -> Running:
        worker = Worker("identity", ServiceSettings(**world.settings("identity", **more)))
        stop = asyncio.Event()
        task = asyncio.create_task(worker.run(stop, subscriptions, loops))
        started.append(Running(worker, task, stop))
        return started[-1]

    yield start
    for one in started:
        if not one.task.done():
            await one.stop()
    process.worker_checks.clear()
    process.worker_checks.update(checks)


def listening(name: str, seen: list[int]) -> Subscription:
    async def handler(_: UnitOfWork, event: UserLoggedIn) -> None:
        seen.append(event.user_id)

    return Subscription(name, "IDENTITY", handlers={UserLoggedIn: handler})


def has(seen: list[int], *wanted: int) -> Callable[[], Awaitable[bool]]:
    async def all_there() -> bool:
        return set(wanted) <= set(seen)

    return all_there


async def test_what_a_worker_announces_reaches_those_who_listen(run: Run, world: World) -> None:
    first: list[int] = []
    second: list[int] = []
    running = run([listening("identity-test-w1", first), listening("identity-test-w2", second)])
    await running.say(9001, 9002)
    await eventually(has(first, 9001, 9002))
    await eventually(has(second, 9001, 9002))
    for check in process.worker_checks.values():
        await check()
    assert {"postgresql", "nats"} <= process.worker_checks.keys()
    assert await running.stop() < DRAIN


async def test_a_loop_that_fails_or_ends_is_started_again_and_holds_up_no_other(run: Run) -> None:
    turns = {"failing": 0, "ending": 0, "steady": 0}

    async def failing() -> None:
        turns["failing"] += 1
        raise RuntimeError("this loop is bad")

    async def ending() -> None:
        turns["ending"] += 1

    async def steady() -> None:
        turns["steady"] += 1
        await asyncio.sleep(60)

    running = run([], (failing, ending, steady))

    async def again() -> bool:
        return min(turns["failing"], turns["ending"]) >= 2

    await eventually(again)
    assert turns["steady"] == 1
    assert not running.task.done()
    assert await running.stop() < DRAIN


async def test_a_worker_ends_within_its_time_whatever_its_loops_are_at(run: Run, world: World) -> None:
    cleaned: list[str] = []

    async def stubborn() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(60)

    async def tidy() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.append("tidy")

    async def reading() -> None:
        await running.worker.database.fetchval("select pg_sleep(60)")

    running = run([listening("identity-test-w3", [])], (stubborn, tidy, reading))
    sleeping = "select pid from pg_stat_activity where usename = 'identity' and query like '%pg_sleep(60)%'"

    async def under_way() -> list[Any]:
        return await world.rows("identity", sleeping)

    await eventually(under_way)
    await asyncio.wait_for(running.worker.broker.client(), 10)
    assert await running.stop() < DRAIN
    assert cleaned == ["tidy"]

    async def gone() -> bool:
        return not await under_way()

    await eventually(gone)


async def test_a_worker_can_be_stopped_before_it_has_begun(run: Run) -> None:
    assert await run([], nats_url="nats://127.0.0.1:1").stop() < DRAIN


async def test_a_worker_starts_while_nats_is_away_and_says_later_what_was_to_be_said(
    run: Run, tmp_path: Path
) -> None:
    server = Server(tmp_path, dict.fromkeys(USERS, "test"), port=free_port())
    seen: list[int] = []
    turns: list[int] = []

    async def own() -> None:
        turns.append(1)
        await asyncio.sleep(60)

    running = run([listening("identity-test-w4", seen)], (own,), nats_url=server.url())
    await eventually(has(turns, 1))
    with pytest.raises(ConnectionError):
        await process.worker_checks["nats"]()
    await process.worker_checks["postgresql"]()
    await running.say(9003)
    assert seen == []
    await asyncio.to_thread(server.start)
    try:
        await eventually(has(seen, 9003), within=20)
        assert await running.stop() < DRAIN
    finally:
        await asyncio.to_thread(server.stop)


async def test_old_notes_of_handled_messages_are_thrown_away(run: Run, world: World) -> None:
    await world.rows(
        "identity",
        "insert into inbox (consumer, event_id, at) select 'test', gen_random_uuid(), now() - days * '1 day'"
        "::interval from unnest(array[1, 39, 41, 400]) as days",
    )
    run([])

    async def two_left() -> bool:
        return len(await world.rows("identity", "select from inbox where consumer = 'test'")) == 2

    await eventually(two_left)
