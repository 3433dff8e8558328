"""The worker as it runs: from a message on the bus to the world outside, and its command line."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from contracts.base import Event
from messaging import consumer
from messaging.connection import connect
from messaging.envelope import encode
from messaging.topology import apply_to
from messaging.uow import Units
from notifications import worker
from notifications.cli import commands
from notifications.dispatcher import CHANNELS
from testkit.bus import Bus
from testkit.commands import run_command
from testkit.world import World

from .conftest import Outside, Send, finished, step, subscription

Publish = Callable[..., Awaitable[None]]


@pytest.fixture
async def publish(world: World) -> AsyncIterator[Publish]:
    client = await connect(world.nats_url, "publish")
    js = client.jetstream(timeout=5)
    await apply_to(js)
    for stream in ("JOBS", "RELEASES", "IDENTITY", "STATE", "NOTIFICATIONS"):
        await js.purge_stream(stream)

    async def send(*events: Event) -> None:
        for event in events:
            _, subject, body = encode("test", event)
            await js.publish(subject, body)

    yield send
    await client.close()


@pytest.fixture
async def running_worker(
    units: Units, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch, publish: Publish
) -> AsyncIterator[None]:
    for name, value in settings.items():
        text = ",".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
        monkeypatch.setenv(name.upper(), text)
    stop = asyncio.Event()
    task = asyncio.create_task(worker.main(stop))
    yield
    stop.set()
    await asyncio.wait_for(task, 10)


async def test_a_worker_turns_facts_into_messages_and_says_so(
    running_worker: None, publish: Publish, outside: Outside, world: World
) -> None:
    await publish(finished(), step(1, "submitted"), step(2, "returned"), step(3, "withdrawn"))
    published = "select count(*) as n from outbox where published_at is not null"
    async with asyncio.timeout(20):
        while (await world.rows("notifications", published))[0]["n"] < 6:
            await asyncio.sleep(0.05)
    found = await outside.state()
    assert [len(found[name]) for name in ("mails", "issues", "comments", "slack")] == [2, 1, 2, 1]
    assert found["issues"][0]["state"] == "closed"


async def test_its_role_does_no_more_than_it_needs(units: Units, world: World) -> None:
    world.migrate("identity")
    connection = await asyncpg.connect(world.url("notifications"))
    try:
        for forbidden in (
            "select email from identity.users",
            "drop table notifications.deliveries",
            "alter table notifications.deliveries add column x int",
            "truncate notifications.deliveries",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(forbidden)
    finally:
        await connection.close()


@pytest.mark.parametrize("channel", CHANNELS)
async def test_the_table_keeps_to_its_words(units: Units, world: World, channel: str) -> None:
    insert = (
        "insert into deliveries (key, channel, template, subject, context, status)"
        " values ($1, $2, 't', 's', '{}', $3)"
    )
    await world.rows("notifications", insert, "a", channel, "waiting")
    with pytest.raises(asyncpg.UniqueViolationError):
        await world.rows("notifications", insert, "a", channel, "waiting")
    with pytest.raises(asyncpg.CheckViolationError):
        await world.rows("notifications", insert, "b", channel, "lost")
    with pytest.raises(asyncpg.CheckViolationError):
        await world.rows("notifications", insert, "b", "pigeon", "waiting")


async def test_an_operator_replays_what_could_not_be_handled(
    bus: Callable[[str], Bus],
    units: Units,
    world: World,
    settings: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    send: Send,
    outside: Outside,
) -> None:
    monkeypatch.setattr(consumer, "BACKOFF", (0.01,))
    await world.rows("notifications", "update known_workspaces set name = 'elsewhere'")
    receiver = bus("notifications")
    await receiver.deliver(subscription("notifications-releases"), step(1, "submitted"))
    assert await receiver.dead()
    await world.rows("notifications", "update known_workspaces set name = 'demo-workspace'")
    [row] = await world.rows("notifications", "select id from dead_letters")
    for _ in range(2):
        await run_command(commands, settings, "replay_dead_letter", str(row["id"]), "--json")
    await send()
    assert len((await outside.state())["issues"]) == 1
