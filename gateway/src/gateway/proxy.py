"""/api/v2 passed through to its owner, streamed both ways (A4, I20, ADR 9)."""

import asyncio
import base64
import time
from contextlib import ExitStack

import aiohttp
import orjson
from contracts.routes import owner_of
from kit import telemetry
from kit.errors import AppError, Unavailable
from kit.identity import HEADER, Signer
from kit.logging import get
from kit.middleware import header
from starlette.types import Message, Receive, Scope, Send
from yarl import URL

from gateway.callers import ANONYMOUS, Caller, Callers
from gateway.cookies import cookie
from gateway.memory import Body, Limits, MemoryBudget, limits
from gateway.services import Services
from gateway.settings import Settings
from gateway.signing import Signing

log = get()
PREFIX = "/api/v2/"
_PROGRESS = aiohttp.ClientTimeout(total=None, sock_connect=3, sock_read=19)
_RESTARTING = frozenset({502, 503})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Hop by hop, ours to set, or of no concern inside (F16).
_DROP = frozenset(
    {b"host", b"connection", b"keep-alive", b"transfer-encoding", b"te", b"upgrade", b"expect", b"cookie"}
    | {b"authorization", b"x-request-id", b"traceparent", b"content-length", b"proxy-authorization"}
)
_DROP_STARTS = (b"x-job-server-", b"x-raw-", b"x-accel-")
_BACK_DROP = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "set-cookie", "server", "date", "x-request-id"}
)


class ApiProxy:
    def __init__(
        self, settings: Settings, services: Services, callers: Callers, signer: Signer, signing: Signing
    ) -> None:
        self._settings = settings
        self._services = services
        self._callers = callers
        self._signer = signer
        self._signing = signing
        self._budget = MemoryBudget()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(PREFIX)
        service = owner_of(path)
        writes = scope["method"] not in _SAFE_METHODS
        answer = _Once(send, closing=writes and bool(header(scope, b"authorization")))
        if service is None:
            return await _answer(answer, 404, "Not found.")
        telemetry.call_id.set(telemetry.new_request_id())
        bounds = limits(scope["method"], path, traced=bool(header(scope, b"traceparent")))
        try:
            async with asyncio.timeout(bounds.total) as answer.deadline:
                await self._serve(service, scope, receive, answer, bounds)
        except TimeoutError:
            if answer.started:
                raise  # the connection must break: half an answer may not look whole
            await _answer(answer, 503, "The service does not answer in time.", retry=True)
        except AppError as refusal:
            await _answer(answer, refusal.status, refusal.detail, retry=refusal.status == 503)

    async def _serve(
        self, service: str, scope: Scope, receive: Receive, send: "_Once", bounds: Limits
    ) -> None:
        """Until somebody answers or the time to hold it is over; then whatever was the last answer."""
        has_body = any(name in {b"content-length", b"transfer-encoding"} for name, _ in scope["headers"])
        body = Body(receive, self._budget)
        with ExitStack() as waiting:
            waiting.callback(body.close)
            end = time.monotonic() + bounds.hold
            held = False
            while True:
                last = time.monotonic() >= end or not (body.replayable or not has_body)
                keep = bool(has_body and bounds.hold)
                if await self._try(service, scope, body if has_body else None, send, keep=keep, last=last):
                    return
                if not held:  # only a call that met a restart counts, not one that is merely slow
                    waiting.enter_context(self._budget)
                    held = True
                await asyncio.sleep(0.2)

    async def _try(
        self, service: str, scope: Scope, body: Body | None, send: "_Once", *, keep: bool, last: bool
    ) -> bool:
        """False: it met a restart, and there is time to do it again. Bodies are kept for backends only."""
        try:
            caller = await self._caller(scope)
            headers: list[tuple[bytes, bytes]] = scope["headers"]
            writes = caller.kind == "session" and scope["method"] not in _SAFE_METHODS
            if writes and (problem := self._csrf_problem(headers, caller)):
                await _answer(send, 403, f"CSRF Failed: {problem}")
                return True
            if body is not None and caller.kind != "backend":
                last = True
            elif body is not None and keep:
                await body.read()
            return await self._forward(service, scope, body, send, caller, last=last)
        except Unavailable:
            if last or send.started:
                raise
            return False

    async def _caller(self, scope: Scope) -> Caller:
        """A non-empty Authorization header is the only credential that counts then; no session, no cookie."""
        found = {name: value for name, value in scope["headers"] if name in {b"authorization", b"os-user"}}
        sent = found.get(b"authorization")
        if sent:
            os_user = found.get(b"os-user", b"").decode("latin-1").strip()
            return await self._callers.by_authorization(sent.decode("latin-1").strip(), os_user)
        if session := cookie(scope, self._settings.session_cookie):
            caller = await self._callers.by_session(session)
            if caller.kind == "session":
                return caller
        return ANONYMOUS if sent is None else Caller("anonymous", reason="empty")

    def _csrf_problem(self, headers: list[tuple[bytes, bytes]], caller: Caller) -> str | None:
        named = dict(headers)
        origin = named.get(b"origin", b"").decode("latin-1")
        if origin and origin != self._settings.base_url.rstrip("/"):
            return "Origin checking failed."
        token = named.get(b"x-csrftoken", b"").decode("latin-1")
        assert caller.session is not None
        return (
            None if self._signing.csrf_is_right(caller.session, token) else "CSRF token missing or incorrect."
        )

    async def _forward(
        self, service: str, scope: Scope, body: Body | None, send: "_Once", caller: Caller, *, last: bool
    ) -> bool:
        client = self._services.http[service]
        path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        url = URL(
            getattr(self._settings, f"{service}_url").rstrip("/") + path + (f"?{query}" if query else ""),
            encoded=True,
        )
        try:
            async with client.session.request(
                scope["method"],
                url,
                headers=self._inward(scope["headers"], caller),
                data=body.chunks() if body else None,
                timeout=_PROGRESS,
                allow_redirects=False,
            ) as answer:
                if answer.status in _RESTARTING and not last:
                    return False
                await self._back(answer, send)
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            log.warning("api call failed", service=service, error=repr(exc), answered=send.started)
            if send.started:
                raise  # the connection must break: half an answer may not look whole
            if not last:
                return False
            await _answer(send, 503, "The service does not answer just now.", retry=True)
        return True

    def _inward(self, headers: list[tuple[bytes, bytes]], caller: Caller) -> list[tuple[str, str]]:
        kept = []
        for name, value in headers:
            if name == b"content-disposition":
                # The HTTP client would re-encode or refuse odd bytes, so they travel as base64.
                kept.append(("X-Raw-Disposition", base64.b64encode(value).decode()))
            elif name == b"content-length":
                kept.append(("X-Declared-Length", value.decode("latin-1")))
                kept.append(("Content-Length", value.decode("latin-1")))
            elif name == b"releases-redirect" and not self._settings.accel_prefix:
                continue
            elif name not in _DROP and not name.startswith(_DROP_STARTS):
                kept.append((name.decode("latin-1"), value.decode("latin-1")))
        kept += telemetry.outgoing().items()
        kept.append((HEADER, caller.statement(self._signer)))
        return kept

    async def _back(self, answer: aiohttp.ClientResponse, send: "_Once") -> None:
        send.deadline.reschedule(None)  # it is kept; a download then goes on for as long as it progresses
        headers = [
            (name.lower(), value)
            for name, value in answer.raw_headers
            if name.decode("latin-1").lower() not in _BACK_DROP
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        async for chunk in answer.content.iter_any():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class _Once:
    """Knows whether an answer has begun. `closing`: the connection ends with it, since a backend's program
    that sends its next call just when we close an idle connection would lose it."""

    def __init__(self, send: Send, *, closing: bool) -> None:
        self._send = send
        self._closing = closing
        self.started = False
        self.deadline = asyncio.timeout(None)

    async def __call__(self, message: Message) -> None:
        self.started = True
        if self._closing and message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"connection", b"close")]
        await self._send(message)


async def _answer(send: Send, status: int, detail: str, *, retry: bool = False) -> None:
    body = orjson.dumps({"detail": detail})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if retry:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
