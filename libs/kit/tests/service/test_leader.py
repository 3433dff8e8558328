"""Loops that must be single: one process leads, another follows when its connection is gone."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg
import pytest
from kit import leader
from kit.db import CONNECTION_LOST
from kit.leader import Lead, leadership
from testkit.waiting import eventually
from testkit.world import World

LEADERS = "select pid from pg_stat_activity where application_name = $1"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leader, "_RETRY", 0.02)


@dataclass
class Contenders:
    url: str
    leading: list[tuple[str, Lead]] = field(default_factory=list)
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def enter(self, name: str, role: str) -> None:
        async def lead() -> None:
            async with leadership(self.url, role) as mine:
                self.leading.append((name, mine))
                while True:
                    await mine.check()
                    await asyncio.sleep(0.02)

        self.tasks[name] = asyncio.create_task(lead())

    async def leads(self, count: int) -> list[str]:
        async def enough() -> bool:
            return len(self.leading) >= count

        await eventually(enough)
        return [name for name, _ in self.leading]

    async def leave(self, name: str) -> None:
        self.tasks[name].cancel()
        await asyncio.wait([self.tasks[name]])


@pytest.fixture
async def contenders(world: World) -> AsyncIterator[Contenders]:
    made = Contenders(world.url("identity"))
    yield made
    for name in made.tasks:
        await made.leave(name)


async def tries(contenders: Contenders, world: World, role: str, count: int) -> None:
    """Until every contender has its connection and has asked for the lock."""

    async def asked() -> bool:
        query = f"{LEADERS} and query like '%pg_try_advisory_lock%'"
        return len(await world.rows("identity", query, f"leader:{role}")) == count

    await eventually(asked)


async def test_only_one_of_many_leads(contenders: Contenders, world: World) -> None:
    contenders.enter("first", "single")
    await contenders.leads(1)
    for name in ("second", "third"):
        contenders.enter(name, "single")
    await tries(contenders, world, "single", 2)
    assert await contenders.leads(1) == ["first"]


async def test_another_role_has_a_leader_of_its_own(contenders: Contenders) -> None:
    contenders.enter("first", "one role")
    contenders.enter("second", "another role")
    assert sorted(await contenders.leads(2)) == ["first", "second"]


async def test_the_next_leads_when_the_first_leaves(contenders: Contenders, world: World) -> None:
    contenders.enter("first", "left")
    await contenders.leads(1)
    contenders.enter("second", "left")
    await tries(contenders, world, "left", 1)
    started = time.monotonic()
    await contenders.leave("first")
    assert await contenders.leads(2) == ["first", "second"]
    assert time.monotonic() - started < 2


async def test_who_lost_the_connection_learns_it_at_the_next_check_and_another_leads(
    contenders: Contenders, world: World
) -> None:
    contenders.enter("first", "lost")
    await contenders.leads(1)
    contenders.enter("second", "lost")
    await tries(contenders, world, "lost", 1)
    _, lead = contenders.leading[0]
    await world.rows("identity", "select pg_terminate_backend($1)", lead.connection.get_server_pid())
    assert await contenders.leads(2) == ["first", "second"]
    with pytest.raises((*CONNECTION_LOST, asyncpg.PostgresError)):
        await contenders.tasks["first"]
    with pytest.raises((*CONNECTION_LOST, asyncpg.PostgresError)):
        await lead.check()
    assert not contenders.tasks["second"].done()


async def test_who_waited_and_went_leaves_no_connection(contenders: Contenders, world: World) -> None:
    contenders.enter("first", "gone")
    await contenders.leads(1)
    contenders.enter("second", "gone")
    await tries(contenders, world, "gone", 1)
    await contenders.leave("second")
    await contenders.leave("first")

    async def nobody() -> bool:
        return await world.rows("identity", LEADERS, "leader:gone") == []

    await eventually(nobody)


async def test_a_leader_that_fails_gives_the_lead_back(world: World) -> None:
    async def fail() -> None:
        async with asyncio.timeout(5), leadership(world.url("identity"), "failing") as lead:
            await lead.check()
            raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await fail()
