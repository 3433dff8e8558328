"""Plain ASGI middleware; BaseHTTPMiddleware would cost more than most handlers."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit import problems, telemetry
from kit.errors import Unauthenticated
from kit.identity import HEADER, Verifier
from kit.logging import get
from kit.metrics import REQUESTS

log = get()
_OPEN = ("/health/", "/metrics", "/openapi.json", "/docs")


def header(scope: Scope, name: bytes) -> str:
    """The first header of that (lower-case) name, or ""."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""


class Observe:
    """Request and trace ids, one log line, one metric; an unexpected error becomes a 500 that was logged."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        telemetry.request_id.set(telemetry.accept_request_id(header(scope, b"x-request-id")))
        telemetry.traceparent.set(telemetry.accept_traceparent(header(scope, b"traceparent")))
        started, status = time.perf_counter(), 0

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", telemetry.request_id.get().encode()),
                ]
            await send(message)

        try:
            await self.app(scope, receive, observed)
        except Exception:
            log.exception("request failed", method=scope["method"], path=scope["path"])
            if not status:
                await problems.unexpected()(scope, receive, observed)
        seconds = time.perf_counter() - started
        REQUESTS.labels(scope["method"], str(status)).observe(seconds)
        if not scope["path"].startswith("/health/"):
            log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                ms=round(seconds * 1000, 1),
            )


class Identify:
    """Puts the verified caller into `scope["state"]["actor"]`; without a valid statement: 401."""

    def __init__(self, app: ASGIApp, verifier: Verifier) -> None:
        self.app = app
        self.verifier = verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_OPEN):
            return await self.app(scope, receive, send)
        actor = self.verifier.verify(header(scope, HEADER.encode()))
        if actor is None:
            refusal = Unauthenticated("This service answers signed callers only.")
            return await problems.response(refusal)(scope, receive, send)
        scope.setdefault("state", {})["actor"] = actor
        telemetry.call_id.set(header(scope, telemetry.CALL_HEADER.encode()))
        await self.app(scope, receive, send)
