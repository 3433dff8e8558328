"""What a service under test is given: its database, its settings, and people to speak as."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import uvicorn
from contracts.catalogue import SERVICES
from contracts.statement import Claims
from kit import keys
from kit.bootstrap import bootstrap
from kit.http import Client
from kit.identity import Signer
from kit.migrations import migrate
from kit.process import listen
from kit.protocol import BoundedProtocol

_ISSUERS = ("gateway", *SERVICES)
_EMPTYING = """
select format('delete from %I', tablename) as step from pg_tables
where schemaname = $1 and tablename <> 'alembic_version'
union all
select format('select setval(%L, 1, false)', format('%I.%I', schemaname, sequencename)) from pg_sequences
where schemaname = $1
"""


@dataclass
class World:
    """One database with every schema that was asked for, one broker, one set of keys."""

    database: str  # superuser URL of this run's database
    nats_url: str
    pairs: dict[str, tuple[str, str]] = field(default_factory=lambda: {n: keys.new_pair() for n in _ISSUERS})
    _migrated: set[str] = field(default_factory=set)
    _looking: dict[str, asyncpg.Connection] = field(default_factory=dict)
    _emptying: dict[str, str] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def url(self, user: str) -> str:
        parts = urlsplit(self.database)
        return urlunsplit(parts._replace(netloc=f"{user}:test@{parts.hostname}:{parts.port}"))

    def migrate(self, service: str) -> None:
        """Once per service; in a thread, since Alembic runs an event loop of its own."""
        if service not in self._migrated:
            with ThreadPoolExecutor(1) as thread:
                thread.submit(migrate, service, self.url(f"{service}_owner")).result()
            self._migrated.add(service)

    def settings(self, service: str, **more: Any) -> dict[str, Any]:
        """Arguments for a service's Settings."""
        values: dict[str, Any] = {
            "nats_url": self.nats_url,
            "signing_key": self.pairs[service][0],
            "verify_keys": {name: public for name, (_, public) in self.pairs.items()},
            "base_url": "http://jobs.test",
        }
        if service != "gateway":
            values["database_url"] = self.url(service)
        return values | more

    def signer(self, name: str = "gateway") -> Signer:
        return Signer(name, self.pairs[name][0])

    def client(self, base_url: str, *, by: Claims | None = None, service: str | None = None) -> Client:
        """Speaks as `service`, as the person `by`, or as nobody."""
        signer = self.signer(service or "gateway")
        if service:
            return Client("test", base_url, signer.service)
        kind = "session" if by else "anonymous"
        return Client("test", base_url, lambda: signer.sign(kind=kind, user=by))

    async def clean(self, service: str) -> None:
        """Empty every table of the service, and count from 1 again."""
        if service not in self._emptying:
            steps = await self.rows(service, _EMPTYING, service)
            # Foreign keys need no looking at when everything goes; deleting few rows beats truncating.
            self._emptying[service] = ";".join(
                ["set session_replication_role = replica", *(row["step"] for row in steps)]
            )
        async with self._turn:
            connection = await self._connection(service)
            await connection.execute(self._emptying[service])
            await connection.execute("reset session_replication_role")

    async def rows(self, service: str, sql: str, *args: Any) -> list[asyncpg.Record]:
        """A look into a service's schema, as the superuser."""
        async with self._turn:
            return list(await (await self._connection(service)).fetch(sql, *args))

    async def _connection(self, service: str) -> asyncpg.Connection:
        """Kept, since a new one each time takes longer than most tests."""
        kept = self._looking.get(service)
        if kept is None or kept.is_closed():
            path = {"search_path": service}
            kept = self._looking[service] = await asyncpg.connect(self.database, server_settings=path)
        return kept

    async def close(self) -> None:
        for connection in self._looking.values():
            await connection.close()

    async def announced(self, service: str) -> list[str]:
        """Subjects in the outbox, the oldest first."""
        return [row["subject"] for row in await self.rows(service, "select subject from outbox order by id")]


async def new_database(superuser: str) -> str:
    """A bootstrapped database of its own on the server; the service roles' password is `test`."""
    name = f"test_{secrets.token_hex(4)}"
    connection = await asyncpg.connect(superuser)
    try:
        await connection.execute(f"create database {name}")
    finally:
        await connection.close()
    url = urlunsplit(urlsplit(superuser)._replace(path=f"/{name}"))
    await bootstrap(url, {role: "test" for s in SERVICES for role in (s, f"{s}_owner")})
    return url


@asynccontextmanager
async def running(app: Any) -> AsyncIterator[str]:
    """The app on a real socket; its URL."""
    sock = listen(0)
    config = uvicorn.Config(
        app,
        http=BoundedProtocol,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:
        if task.done():
            task.result()
            raise RuntimeError("the app did not start")
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


class _Server(uvicorn.Server):
    def capture_signals(self):  # type: ignore[no-untyped-def]
        from contextlib import nullcontext

        return nullcontext()


def person(user_id: int, username: str, **more: Any) -> Claims:
    return Claims(user_id=user_id, username=username, name=username.title(), **more)
