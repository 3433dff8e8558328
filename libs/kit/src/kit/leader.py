"""Loops that must be single hold a PostgreSQL advisory lock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from kit.logging import get

log = get()
_RETRY = 1.0


class Lead:
    """Proof of leadership on its own connection; `check` raises when it is gone."""

    def __init__(self, connection: asyncpg.Connection, name: str) -> None:
        self.connection = connection
        self.name = name

    async def check(self) -> None:
        """Raises one of `db.CONNECTION_LOST`, PostgresError or TimeoutError when the connection, and so the
        lock, was lost. Ask before each piece of work.
        """
        await self.connection.execute("select 1", timeout=5)


@asynccontextmanager
async def leadership(database_url: str, name: str) -> AsyncIterator[Lead]:
    """Waits until this process is the one leader called `name`, in this database."""
    connection = await asyncpg.connect(
        database_url,
        timeout=5,
        server_settings={
            "application_name": f"leader:{name}",
            # A leader whose machine vanished must lose its lock within 15 s.
            "tcp_keepalives_idle": "5",
            "tcp_keepalives_interval": "2",
            "tcp_keepalives_count": "3",
        },
    )
    try:
        while not await connection.fetchval("select pg_try_advisory_lock(hashtext($1))", name):
            await asyncio.sleep(_RETRY)
        log.info("leading", role=name)
        yield Lead(connection, name)
    finally:
        connection.terminate()
