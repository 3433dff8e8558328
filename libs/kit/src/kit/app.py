"""The one way to make a service's HTTP application."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from starlette.types import ASGIApp

from kit import health, problems
from kit.identity import Actor, Verifier
from kit.middleware import Identify, Observe
from kit.settings import Settings

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class Service(FastAPI):
    """FastAPI wrapped once: ids and log line outside, then the caller's identity, then the routes."""

    def build_middleware_stack(self) -> ASGIApp:
        return Observe(Identify(super().build_middleware_stack(), self.state.verifier))


def create(
    name: str,
    settings: Settings,
    routers: Sequence[APIRouter],
    checks: Mapping[str, health.Check],
    lifespan: Lifespan,
    *,
    max_body_size: int = 1024 * 1024,
) -> Service:
    """A service's application: `checks` make it ready, `lifespan` owns its connections."""

    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[None]:
        async with lifespan(app):
            yield

    app = Service(
        title=name,
        lifespan=run,
        docs_url=None,
        redoc_url=None,
        max_body_size=max_body_size,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.verifier = Verifier(settings.verify_keys)
    app.state.settings = settings
    problems.install(app)
    app.include_router(health.router(checks))
    for router in routers:
        app.include_router(router)
    return app


async def _actor(request: Request) -> Actor:
    actor: Actor = request.scope["state"]["actor"]
    return actor


CurrentActor = Annotated[Actor, Depends(_actor)]


def as_json(value: Any) -> Response:
    """Text and bytes are JSON already, as PostgreSQL made it; anything else is encoded."""
    body = value if isinstance(value, str | bytes) else msgspec.json.encode(value)
    return Response(body, media_type="application/json")
