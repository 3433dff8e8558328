"""Composition root: static files, health, the API, live streams, then the pages."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from kit.identity import Signer
from kit.middleware import Observe, header
from messaging.connection import Nats
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.assets import PREFIX as STATIC
from gateway.assets import Assets
from gateway.callers import Callers
from gateway.live import Live
from gateway.proxy import PREFIX as API
from gateway.proxy import ApiProxy
from gateway.routes import routes
from gateway.services import Services
from gateway.settings import Settings
from gateway.signing import Signing
from gateway.web.render import Renderer
from gateway.web.site import Site


class Gateway:
    """Raw ASGI in front: what is asked most is answered before any routing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        signer = Signer("gateway", settings.signing_key)
        signing = Signing(settings.secret_key)
        self.services = Services(settings, signer)
        self.callers = Callers(self.services.credentials)
        self.broker = Nats(settings.nats_url, "gateway")
        self.live = Live(self.broker, self.callers)
        self.assets = Assets()
        self.site = Site(settings, self.services, self.callers, signer, signing, Renderer(self.assets))
        self._api = Observe(ApiProxy(settings, self.services, self.callers, signer, signing))
        pages = Starlette(routes=routes(self.site), lifespan=self._lifespan)
        pages.router.redirect_slashes = False
        pages.router.default = _not_found(self.site, pages.router)
        pages.add_exception_handler(405, _not_taken(self.site, pages.router))
        self._pages = pages
        self._observed: ASGIApp = Observe(pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._pages(scope, receive, send)
        path: str = scope["path"]
        if path.startswith(STATIC):
            return await self.assets.serve(scope, send)
        if path.startswith(API):
            return await self._api(scope, receive, send)
        if path == "/live":
            return await self.live.serve(scope, receive, send)
        if path == "/health-check/" or path.startswith("/health/") or path == "/metrics":
            return await self._health(scope, path, send)
        return await self._observed(scope, receive, send)

    async def _health(self, scope: Scope, path: str, send: Send) -> None:
        """/health-check/ is the reference's: 200 and empty while the process lives."""
        status, body, kind = 200, b"", b"text/plain"
        if path == "/health/ready":
            try:
                await self.broker.ping()
            except Exception as exc:  # whatever it is: not ready, because of this
                status, body = 503, f"nats: {exc}".encode()
        elif path == "/metrics":
            wanted = self.settings.metrics_token
            if not wanted or header(scope, b"authorization") != f"Bearer {wanted}":
                status = 404
            else:
                body, kind = generate_latest(), CONTENT_TYPE_LATEST.encode()
        elif path not in {"/health-check/", "/health/live"}:
            status = 404
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self.broker.start()
        listening = asyncio.create_task(self.live.listen())
        _before_shutdown(self.live.close)
        yield
        listening.cancel()
        await self.broker.close()
        await self.services.close()


def _before_shutdown(work: Any) -> None:
    """The server waits for open responses before its lifespan ends, so streams must end at the signal."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        previous = signal.getsignal(number)

        def handler(n: int, frame: Any, previous: Any = previous) -> None:
            loop.call_soon_threadsafe(work)
            if callable(previous):
                previous(n, frame)

        try:
            signal.signal(number, handler)
        except ValueError:  # not the main thread: a test, which ends its streams itself
            return


def _not_found(site: Site, router: Router) -> ASGIApp:
    """An address with a slash too few or too many leads to the page; a body is sent on."""
    endpoint = site.endpoint(site.not_found)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        bare = "/" + "/".join(part for part in scope["path"].split("/") if part)
        if found := _first(router, scope, [path for path in (f"{bare}/", bare) if path != scope["path"]]):
            query = scope["query_string"].decode("latin-1")
            target = quote(found) + (f"?{query}" if query else "")
            response: Response = RedirectResponse(target, 301 if scope["method"] in {"GET", "HEAD"} else 308)
        else:
            response = await endpoint(request)
        await response(scope, receive, send)

    return answer


def _not_taken(site: Site, router: Router) -> Callable[[Request, Exception], Awaitable[Response]]:
    """The page for a method that its address does not take, which says what it does take."""

    async def answer(request: Request, _: Exception) -> Response:
        response = site.refused(request, 405)
        path = next(one.path for one in _pages(router) if one.matches(request.scope)[0] != Match.NONE)
        taken = {name for one in _pages(router) if one.path == path for name in one.methods or ()}
        response.headers["allow"] = ", ".join(sorted(taken))
        return response

    return answer


def _pages(router: Router) -> list[Route]:
    return [route for route in router.routes if isinstance(route, Route)]


def _first(router: Router, scope: Scope, paths: list[str]) -> str | None:
    """The one of them that the first of all pages answers."""
    for route in _pages(router):
        for path in paths:
            if route.matches({**scope, "path": path})[0] is Match.FULL:
                return path
    return None


def create(settings: Settings | None = None) -> Gateway:
    return Gateway(settings or Settings())
