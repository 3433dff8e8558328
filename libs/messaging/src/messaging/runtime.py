"""What API, command line and tests of a service share: database, units of work, signed clients."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Annotated, Self

from fastapi import APIRouter, Depends, FastAPI, Request
from kit import app, health, http
from kit.db import Database
from kit.identity import Signer
from kit.settings import ServiceSettings

from messaging.connection import Nats
from messaging.uow import Units


class Runtime:
    """Open it with `async with`; everything it made is closed at the end."""

    def __init__(
        self, service: str, settings: ServiceSettings, *, sessions_max: int = 3, pool_max: int = 5
    ) -> None:
        self.service = service
        self.settings = settings
        self.database = Database(settings.database_url, sessions_max=sessions_max, pool_max=pool_max)
        self.broker = Nats(settings.nats_url, service)
        self.units = Units(self.database, service, lambda: self.broker.say(f"wake.{service}"))
        self.signer = Signer(service, settings.signing_key)
        self._clients: list[http.Client] = []

    def client(self, name: str, *, timeout: float = 2.0) -> http.Client:
        """Calls another service (its URL is the setting `<name>_url`) in this service's own name."""
        url: str = getattr(self.settings, f"{name}_url")
        client = http.Client(name, url, self.signer.service, timeout=timeout)
        self._clients.append(client)
        return client

    async def __aenter__(self) -> Self:
        self.broker.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients:
            await client.close()
        await self.broker.close()
        await self.database.close()


Extra = Callable[[FastAPI, Runtime], AbstractAsyncContextManager[None]]


def create_app(
    service: str,
    settings: ServiceSettings,
    routers: Sequence[APIRouter],
    *,
    extra: Extra | None = None,
    checks: Mapping[str, health.Check] | None = None,
    max_body_size: int = 1024 * 1024,
) -> app.Service:
    """An application with `app.state.{runtime,units,database,settings}`; `extra` joins the lifespan."""
    runtime = Runtime(service, settings)

    @asynccontextmanager
    async def lifespan(fastapi: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(runtime)
            if extra is not None:
                await stack.enter_async_context(extra(fastapi, runtime))
            yield

    ready = {"postgresql": runtime.database.ping, "nats": runtime.broker.ping, **(checks or {})}
    made = app.create(service, settings, routers, ready, lifespan, max_body_size=max_body_size)
    made.state.runtime = runtime
    made.state.units = runtime.units
    made.state.database = runtime.database
    return made


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def _units(request: Request) -> Units:
    units: Units = request.app.state.units
    return units


Data = Annotated[Database, Depends(_database)]  # for reads that are one statement
Begin = Annotated[Units, Depends(_units)]  # for routes that ask others between two transactions
