"""Connections of one service: SQLAlchemy for use cases, asyncpg for the hottest reads."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

READ_TIMEOUT = "2000"  # milliseconds of one read, less than a caller waits; whoever asks for more is told so
Sessions = async_sessionmaker[AsyncSession]
# All that asyncpg raises on a connection that is gone; the third when it was told so and has not noticed yet.
CONNECTION_LOST = (
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
)


async def _no_reset(_: asyncpg.Connection) -> None:
    """Single reads leave nothing behind that a second round trip would have to clear."""


async def _read(pool: asyncpg.Pool, sql: str, args: tuple[Any, ...]) -> list[asyncpg.Record]:
    async with pool.acquire() as connection:
        try:
            return list(await connection.fetch(sql, *args))
        except asyncpg.DataError:
            # A value that asyncpg refuses leaves the server waiting for the rest of the question, with its
            # statement timeout running; the next reader on this connection would be cancelled by it.
            await connection.execute("select 1")
            raise


class Database:
    """The budget per process is `sessions_max` + `pool_max` connections."""

    def __init__(self, url: str, *, sessions_max: int = 3, pool_max: int = 5) -> None:
        self.url = url
        self.engine: AsyncEngine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=sessions_max,
            max_overflow=0,
            pool_timeout=5,
            pool_pre_ping=True,
            connect_args={"timeout": 5, "server_settings": {"jit": "off"}},
        )
        self.sessions: Sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._pool_max = pool_max
        self._pool: asyncpg.Pool | None = None

    async def pool(self) -> asyncpg.Pool:
        """Made on first use, so that a process that never reads this way holds no connection."""
        if self._pool is None:
            self._pool = asyncpg.create_pool(
                self.url,
                min_size=0,
                max_size=self._pool_max,
                max_inactive_connection_lifetime=60,
                command_timeout=15,
                reset=_no_reset,
                # The same few statements again and again, so each is planned once.
                server_settings={
                    "jit": "off",
                    "plan_cache_mode": "force_generic_plan",
                    "statement_timeout": READ_TIMEOUT,
                },
            )
        await self._pool
        return self._pool

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """One value, None when there is no row; otherwise as `fetch`."""
        rows = await self.fetch(sql, *args)
        return rows[0][0] if rows else None

    async def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """The rows; asked again once when the connection had died since its last use. Reads only.

        Raises asyncpg.QueryCanceledError after READ_TIMEOUT.
        """
        pool = await self.pool()
        try:
            return await _read(pool, sql, args)
        except CONNECTION_LOST:
            await pool.expire_connections()  # where one has died, the others have too
            return await _read(pool, sql, args)

    async def ping(self) -> None:
        async with self.engine.connect() as connection:
            await connection.execute(text("select 1"))

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()
        await self.engine.dispose()

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator["Database"]:
        try:
            yield self
        finally:
            await self.close()


def contains(text: str) -> str:
    """The pattern of `like` for what has this text somewhere; its signs mean themselves."""
    return "%" + text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
