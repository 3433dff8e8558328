"""Composition root of the API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from clients.identity import IdentityClient
from fastapi import FastAPI, Request, Response
from kit.app import Service
from messaging.runtime import Runtime, create_app
from starlette.exceptions import HTTPException

from releases import drf
from releases.api import airlock, authorise, pages, reading
from releases.owners import Owners
from releases.settings import Settings
from releases.storage import Storage

_OTHERS_LIMIT = 2**40  # every route here has a limit of its own, and answers in words that Airlock can read


def create(settings: Settings | None = None) -> Service:
    settings = settings or Settings()
    storage = Storage(settings.release_storage)

    @asynccontextmanager
    async def extra(app: FastAPI, runtime: Runtime) -> AsyncIterator[None]:
        clients = {name: runtime.client(name, timeout=10) for name in ("identity", "projects")}
        app.state.identity = IdentityClient(clients["identity"])
        app.state.owners = Owners(runtime.units, clients)
        yield

    routers = [authorise.router, airlock.router, reading.router, pages.router]
    app = create_app(
        "releases",
        settings,
        routers,
        extra=extra,
        checks={"storage": storage.ping},
        max_body_size=_OTHERS_LIMIT,
    )
    app.state.storage = storage
    app.router.redirect_slashes = False  # a redirect would lose Airlock's body

    @app.exception_handler(HTTPException)
    async def refused(request: Request, exc: HTTPException) -> Response:
        """404 and 405 in the words of the public API."""
        wrong_method = exc.status_code == 405
        text = f'Method "{request.method}" not allowed.' if wrong_method else str(exc.detail)
        answer = drf.detail(exc.status_code, text)
        answer.headers.update(exc.headers or {})
        return answer

    return app
