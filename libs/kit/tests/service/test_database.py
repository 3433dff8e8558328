"""Connections of a service to PostgreSQL: they die, they are few, and they go at the end."""

import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg
import pytest
from kit.db import Database
from sqlalchemy import text
from testkit.waiting import eventually
from testkit.world import World

PID = "select pg_backend_pid()"
SLOW_PID = "select pg_backend_pid() from pg_sleep(0.05)"


@pytest.fixture
async def database(world: World) -> AsyncIterator[Database]:
    async with Database(world.url("identity")).lifespan() as database:
        yield database


def kill(world: World, pids: list[int]) -> None:
    """Ends these connections while nothing else runs here, so that nobody has noticed yet."""

    async def work() -> None:
        connection = await asyncpg.connect(world.database)
        await connection.execute("select pg_terminate_backend(pid) from unnest($1::int[]) pid", pids)
        await connection.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work()).result()


async def alive(world: World, pids: list[int]) -> int:
    return len(await world.rows("identity", "select from pg_stat_activity where pid = any($1)", pids))


async def in_session(database: Database, statement: str) -> Any:
    async with database.sessions() as session:
        return (await session.execute(text(statement))).scalar()


@pytest.mark.parametrize("connections", [1, 5])
async def test_a_read_is_asked_again_when_the_server_closed_its_connections(
    database: Database, world: World, connections: int
) -> None:
    for _ in range(2):
        pids = list(set(await asyncio.gather(*(database.fetchval(SLOW_PID) for _ in range(connections)))))
        assert len(pids) == connections
        kill(world, pids)
        assert await database.fetchval("select 42") == 42
        pids = list(set(await asyncio.gather(*(database.fetchval(SLOW_PID) for _ in range(connections)))))
        kill(world, pids)
        assert [row["n"] for row in await database.fetch("select 42 as n")] == [42]


async def test_reads_at_the_same_time_all_survive_the_end_of_their_connections(
    database: Database, world: World
) -> None:
    for _ in range(2):
        pids = list(set(await asyncio.gather(*(database.fetchval(SLOW_PID) for _ in range(5)))))
        kill(world, pids)
        assert await asyncio.gather(*(database.fetchval("select $1::int", n) for n in range(10))) == list(
            range(10)
        )


async def test_a_read_that_was_under_way_is_asked_again(database: Database, world: World) -> None:
    reading = asyncio.create_task(database.fetchval("select pg_backend_pid() from pg_sleep(0.3)"))
    sleeping = "select pid from pg_stat_activity where query like '%pg_sleep(0.3)' and state = 'active'"

    async def under_way() -> list[int]:
        return [row["pid"] for row in await world.rows("identity", sleeping)]

    pids = await eventually(under_way)
    kill(world, pids)
    assert await reading not in pids


async def test_a_use_case_gets_a_living_connection(database: Database, world: World) -> None:
    for _ in range(2):
        pids = list(set(await asyncio.gather(*(in_session(database, SLOW_PID) for _ in range(3)))))
        kill(world, pids)
        assert await in_session(database, "select 42") == 42
        await database.ping()


async def test_a_statement_that_fails_by_its_own_fault_is_asked_once(
    database: Database, world: World
) -> None:
    await world.rows("identity", "create sequence if not exists asked")
    await world.rows("identity", "grant all on sequence asked to identity")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await database.fetchval("select nextval('asked') / 0")
    with pytest.raises(asyncpg.UndefinedColumnError):
        await database.fetch("select nothing")
    [row] = await world.rows("identity", "select nextval('asked') as n")
    await world.rows("identity", "drop sequence asked")
    assert row["n"] == 2


async def test_a_connection_is_used_again_after_reads_and_after_faults(database: Database) -> None:
    """Nothing is cleared between reads, and nothing needs to be."""
    first = await database.fetchval(PID)
    for number in range(30):
        assert await database.fetchval("select $1::int", number) == number
        with pytest.raises(asyncpg.PostgresError):
            await database.fetchval("select 1 / $1::int", 0)
    assert await database.fetchval(PID) == first
    assert await database.fetchval("show plan_cache_mode") == "force_generic_plan"
    assert await database.fetchval("show jit") == await in_session(database, "show jit") == "off"


async def test_after_a_value_that_cannot_be_sent_the_next_read_has_its_whole_time(database: Database) -> None:
    for value in (2**40, "ten"):
        with pytest.raises(asyncpg.DataError):
            await database.fetchval(f"select $1::int -- {value}", value)  # each prepared anew
        await asyncio.sleep(1)
        assert await database.fetchval("select 1 from pg_sleep(1.4)") == 1


async def test_a_read_that_was_given_up_leaves_a_pool_that_works(database: Database) -> None:
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await database.fetchval("select pg_sleep(5)")
    assert await asyncio.gather(*(database.fetchval("select $1::int", n) for n in range(10))) == list(
        range(10)
    )


async def test_no_more_connections_are_made_than_the_budget_allows(database: Database) -> None:
    reads = await asyncio.gather(*(database.fetchval(SLOW_PID) for _ in range(20)))
    sessions = await asyncio.gather(*(in_session(database, SLOW_PID) for _ in range(9)))
    assert (len(set(reads)), len(set(sessions))) == (5, 3)


async def test_without_reads_there_is_no_pool(database: Database, world: World) -> None:
    assert await in_session(database, "select 1") == 1
    assert database._pool is None


async def test_all_connections_go_at_the_end_whatever_happened(world: World) -> None:
    pids: list[int] = []

    async def fail() -> None:
        async with Database(world.url("identity")).lifespan() as database:
            pids.extend(await asyncio.gather(*(database.fetchval(SLOW_PID) for _ in range(3))))
            pids.extend(await asyncio.gather(*(in_session(database, SLOW_PID) for _ in range(2))))
            assert await alive(world, pids) == len(set(pids))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    async def gone() -> bool:
        return await alive(world, pids) == 0

    await eventually(gone)


async def test_a_database_that_is_not_there_is_said_at_once() -> None:
    async with Database("postgresql://identity:test@127.0.0.1:1/nothing").lifespan() as database:
        started = time.monotonic()
        for question in (database.ping(), database.fetchval("select 1"), database.fetch("select 1")):
            with pytest.raises(OSError):
                await question
        assert time.monotonic() - started < 2
