"""Plans of the statements that a list really runs: none may look through a large table."""

import re
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
from kit.db import Database

from testkit.world import World, new_database

LARGE = 50_000  # rows; smaller tables may be read whole
_LARGE_TABLES = """
select relname from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'
  and reltuples >= $1
"""
_BY_INDEX = {"Index Scan", "Index Only Scan"}
# Leads to one place in an index, or to a few.
_NARROW = re.compile(r" = ")
# The exact days, beside bounds on the id that leave little more than them.
_DAYS = re.compile(r"\(created_at [<>]=? \$\d+\) IS TRUE|AND|[()\s]")


class Watched(Database):
    """Remembers what was read since its plans were last asked for."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.ran: dict[str, tuple[Any, ...]] = {}  # each statement once, with the values of its first time

    async def fetchval(self, sql: str, *args: Any) -> Any:
        self.ran.setdefault(sql, args)
        return await super().fetchval(sql, *args)

    async def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        self.ran.setdefault(sql, args)
        return await super().fetch(sql, *args)

    async def refuse_walks(self, but_along: Collection[str] = ()) -> None:
        """Raises AssertionError that names the statements which look through a large table.

        `but_along` names indexes of which nearly every row fits, so that whoever follows one soon ends.
        """
        ran, self.ran = self.ran, {}
        assert ran, "no statement was read"
        pool = await self.pool()
        async with pool.acquire() as connection:
            large = {row["relname"] for row in await connection.fetch(_LARGE_TABLES, LARGE)}
            assert large, "no table is large"
            found = [
                f"{walk}, asked with {args}, in {sql}"
                for sql, args in ran.items()
                for walk, index in walks(await _plan(connection, sql), large)
                if index not in but_along
            ]
        assert not found, "\n\n".join(found)


async def _plan(connection: asyncpg.Connection, sql: str) -> dict[str, Any]:
    """As this connection would run it: the one plan for all values, whatever they are."""
    values = len((await connection.prepare(sql)).get_parameters())
    given = f"({', '.join(['null'] * values)})" if values else ""
    await connection.execute(f"prepare watched as {sql}")
    try:
        explained = await connection.fetchval(f"explain (format json) execute watched{given}")
    finally:
        await connection.execute("deallocate watched")
    plan: dict[str, Any] = orjson.loads(explained)[0]["Plan"]
    return plan


def walks(node: dict[str, Any], large: set[str], parent: str = "") -> Iterator[tuple[str, str]]:
    """What is done, and along which index.

    To look along an index for rows that fit is a walk too, and may be one to its end; to take all that come,
    for as many as a page has, is none.
    """
    kind, table = node["Node Type"], node.get("Relation Name")
    if table in large:
        condition, filtered = node.get("Index Cond", ""), _DAYS.sub("", node.get("Filter", ""))
        if kind == "Seq Scan":
            yield f"reads all of {table}", ""
        elif kind in _BY_INDEX and not _NARROW.search(condition) and (filtered or parent != "Limit"):
            index = node["Index Name"]
            yield f"walks {table} along {index} for {filtered or 'all of it'}", index
    for child in node.get("Plans", ()):
        yield from walks(child, large, kind)


@asynccontextmanager
async def watched(world: World, service: str, *seeds: str) -> AsyncIterator[Watched]:
    """A database of its own, filled by these statements: others' tests begin with small tables."""
    apart = World(await new_database(world.database), world.nats_url)
    try:
        apart.migrate(service)
        await apart.rows(service, "set session_replication_role = replica")  # keys are right, and not checked
        for seed in seeds:
            await apart.rows(service, seed)
        await apart.rows(service, "vacuum analyze")
        database = Watched(apart.url(service))
        async with database.lifespan():
            yield database
    finally:
        await apart.close()
        connection = await asyncpg.connect(world.database)
        await connection.execute(f"drop database {apart.database.rsplit('/', 1)[1]} with (force)")
        await connection.close()
