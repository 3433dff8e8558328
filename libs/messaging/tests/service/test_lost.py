"""A broker that loses what it had acknowledged, while everything runs."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from contracts.identity import OrgState, UserLoggedIn
from kit import process
from kit.settings import ServiceSettings
from launcher.embedded.nats import USERS
from launcher.embedded.nats import Nats as Server
from messaging.connection import connect
from messaging.envelope import decode
from messaging.subscriptions import Subscription
from messaging.uow import UnitOfWork
from messaging.worker import Worker
from testkit.waiting import eventually
from testkit.world import World


@pytest.fixture
def server(tmp_path: Path) -> Any:
    made = Server(tmp_path, dict.fromkeys(USERS, "test"))
    made.start()
    yield made
    made.stop()


class Running:
    """A worker that notes how often each login had its effect."""

    def __init__(self, world: World, server: Server) -> None:
        self.world = world
        self.server = server
        settings = ServiceSettings(**world.settings("identity", nats_url=server.url()))
        self.worker = Worker("identity", settings)
        self.effects: list[int] = []

        async def count(_: UnitOfWork, event: UserLoggedIn) -> None:
            self.effects.append(event.user_id)

        self.subscription = Subscription("identity-test-lost", "IDENTITY", handlers={UserLoggedIn: count})

    async def say(self, *user_ids: int) -> None:
        async with self.worker.units() as uow:
            uow.publish(*(UserLoggedIn(user_id=user_id) for user_id in user_ids))

    async def say_org(self, version: int) -> None:
        async with self.worker.units() as uow:
            uow.publish(OrgState(id=1, version=version, slug="org", name=f"Name {version}", github_orgs=[]))

    async def told(self, *user_ids: int) -> None:
        async def all_there() -> bool:
            return sorted(self.effects) == sorted(user_ids)

        await eventually(all_there, within=25)

    async def published(self) -> None:
        async def none_waits() -> bool:
            rows = await self.world.rows("identity", "select from outbox where published_at is null")
            return not rows

        await eventually(none_waits, within=20)

    async def in_stream(self) -> tuple[list[int], list[int]]:
        """(logins that the broker has, versions of the organisation that it has)."""
        client = await connect(self.server.url(), "test")
        js = client.jetstream(timeout=5)
        logins: list[int] = []
        versions: list[int] = []
        for stream, found in (("IDENTITY", logins), ("STATE", versions)):
            info = await js.stream_info(stream)
            for sequence in range(info.state.first_seq, info.state.last_seq + 1):
                with suppress(Exception):
                    event: Any = decode((await js.get_msg(stream, sequence)).data)[1]
                    found.append(event.user_id if stream == "IDENTITY" else event.version)
        await client.close()
        return logins, versions

    def restart_with(self, change: Callable[[Path], None]) -> None:
        assert self.server.process is not None
        self.server.process.kill()
        self.server.process.wait()
        change(self.server.home / "nats")
        self.server.start()


@pytest.fixture
async def running(world: World, server: Server) -> AsyncIterator[Running]:
    world.migrate("identity")
    await world.clean("identity")
    checks = dict(process.worker_checks)
    made, stop = Running(world, server), asyncio.Event()
    task = asyncio.create_task(made.worker.run(stop, [made.subscription]))
    yield made
    stop.set()
    await asyncio.wait_for(task, 30)
    process.worker_checks.clear()
    process.worker_checks.update(checks)


def empty(store: Path) -> None:
    shutil.rmtree(store)


async def test_a_broker_whose_folder_was_emptied_has_everything_again_and_nothing_happens_twice(
    running: Running,
) -> None:
    await running.say(1, 2, 3)
    await running.say_org(1)
    await running.say_org(2)
    await running.told(1, 2, 3)
    running.restart_with(empty)
    await running.say(4)
    await running.told(1, 2, 3, 4)

    async def whole() -> bool:
        logins, versions = await running.in_stream()
        return sorted(logins) == [1, 2, 3, 4] and versions == [2]

    await eventually(whole, within=20)
    assert sorted(running.effects) == [1, 2, 3, 4]


async def test_a_broker_put_back_to_an_older_copy_gets_what_it_lost_although_more_was_said_meanwhile(
    running: Running, tmp_path: Path
) -> None:
    await running.say(1, 2)
    await running.say_org(1)
    await running.told(1, 2)
    await running.published()
    copy = tmp_path / "copy"

    def keep(store: Path) -> None:
        shutil.copytree(store, copy)

    def put_back(store: Path) -> None:
        shutil.rmtree(store)
        shutil.copytree(copy, store)

    running.restart_with(keep)
    await running.say(3, 4)
    await running.say_org(2)
    await running.told(1, 2, 3, 4)
    await running.published()
    running.restart_with(put_back)
    await running.say(5)
    await running.told(1, 2, 3, 4, 5)
    await running.say(6)
    await running.told(1, 2, 3, 4, 5, 6)

    async def whole() -> bool:
        logins, versions = await running.in_stream()
        return sorted(logins) == [1, 2, 3, 4, 5, 6] and versions[-1] == 2

    await eventually(whole, within=20)
    assert sorted(running.effects) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("led_anew", [False, True], ids=["the same leader", "a leader that is new"])
async def test_a_stream_deleted_while_the_broker_goes_on_comes_back_whole(
    running: Running, world: World, led_anew: bool
) -> None:
    await running.say(1, 2, 3)
    await running.say_org(1)
    await running.told(1, 2, 3)
    await running.published()
    if led_anew:
        sql = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"
        await world.rows("identity", sql)
    client = await connect(running.server.url(), "test")
    js = client.jetstream(timeout=5)
    for stream in ("IDENTITY", "STATE"):
        await js.delete_stream(stream)
    await client.close()
    await running.say(4)
    await running.told(1, 2, 3, 4)
    await running.say_org(2)

    async def whole() -> bool:
        logins, versions = await running.in_stream()
        return sorted(logins) == [1, 2, 3, 4] and versions == [2]

    await eventually(whole, within=20)
    assert sorted(running.effects) == [1, 2, 3, 4]


async def test_what_the_broker_never_takes_is_set_aside_and_the_rest_goes_on(
    running: Running, world: World
) -> None:
    await running.say(1)
    await running.told(1)
    sql = """insert into outbox (event_id, stream, subject, body)
      select gen_random_uuid(), 'IDENTITY', s, convert_to(repeat('x', n), 'UTF8')
      from (values ('identity.user.logged_in.v1', 9000000), ('not a subject', 3), ('a..b', 3)) as v(s, n)"""
    await world.rows("identity", sql)
    await running.say(2)
    await running.told(1, 2)
    rows: list[Any] = []

    async def set_aside() -> bool:
        nonlocal rows
        rows = await world.rows("identity", "select consumer, subject, reason from dead_letters order by id")
        return len(rows) == 3

    await eventually(set_aside)
    assert [(row["consumer"], row["subject"]) for row in rows] == [
        ("relay", "identity.user.logged_in.v1"),
        ("relay", "not a subject"),
        ("relay", "a..b"),
    ]
    assert "9,000,000" in rows[0]["reason"]
