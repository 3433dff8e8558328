"""All stand-ins in one process: HTTP on $PORT, SMTP on $SMTP_PORT, state in $SANDBOX_HOME."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request, Response
from starlette.types import Receive, Scope, Send

from sandbox import control, human, opencodelists, slack, smtp
from sandbox.faults import DropConnection, Faults
from sandbox.github import api, fetch, issues, oauth
from sandbox.rap import api as rap
from sandbox.rap.agent import settle
from sandbox.seed import seed
from sandbox.store import Store


class Dropped(Response):
    """Less than was announced: the server closes the connection on the caller."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"10"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": True})


def create(
    home: Path | None = None,
    *,
    smtp_port: int | None = None,
    token: str | None = None,
    backends: list[str] | None = None,
) -> FastAPI:
    """Every argument defaults to its environment variable; `state.smtp_port` is known once it runs."""
    store = Store((home or Path(os.environ["SANDBOX_HOME"])) / "sandbox.sqlite3")
    seed(store)
    faults = Faults(store)
    port = smtp_port if smtp_port is not None else int(os.environ.get("SMTP_PORT", "0"))
    known = backends or os.environ.get("SANDBOX_BACKENDS", "test,tpp,emis").split(",")
    controller = rap.Controller(store, faults, token or os.environ.get("RAP_API_TOKEN", "sandbox"), known)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        mail = await loop.create_server(lambda: smtp.server(store, faults), _host(), port)
        app.state.smtp_port = mail.sockets[0].getsockname()[1]
        agent = asyncio.create_task(_work(store))
        yield
        agent.cancel()
        mail.close()
        store.close()

    app = FastAPI(title="Sandbox", lifespan=lifespan, docs_url=None, redoc_url=None)
    for routes in (
        rap.router(controller),
        oauth.router(store),
        api.router(store, faults),
        issues.router(store, faults),
        fetch.router(store, faults),
        slack.router(store, faults),
        opencodelists.router(store, faults),
        control.router(store, faults),
        human.router(store),
    ):
        app.include_router(routes)
    app.router.redirect_slashes = False

    @app.exception_handler(DropConnection)
    async def dropped(_: Request, __: DropConnection) -> Response:
        return Dropped()

    return app


def _host() -> str:
    return os.environ.get("SANDBOX_HOST", "127.0.0.1")


async def _work(store: Store) -> None:
    """The agent, once a second, as the real loop."""
    while True:
        settle(store)
        await asyncio.sleep(0.5)
