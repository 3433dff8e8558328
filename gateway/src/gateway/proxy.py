"""/api/v2 passed through to its owner, streamed both ways (stack §0.2, rulings 1.3.5, 1.3.6, 2.5)."""

import asyncio
import base64
from collections.abc import AsyncIterator

import aiohttp
import orjson
from contracts.routes import owner_of
from kit import telemetry
from kit.errors import AppError
from kit.identity import HEADER, Signer
from kit.logging import get
from starlette.types import Receive, Scope, Send
from yarl import URL

from gateway.callers import ANONYMOUS, Caller, Callers
from gateway.cookies import cookie
from gateway.services import Services
from gateway.settings import Settings
from gateway.signing import Signing

log = get()
PREFIX = "/api/v2/"
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=3, sock_read=45)
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Hop by hop, ours to set, or of no concern inside (rulings 2.31).
_DROP = frozenset(
    {b"host", b"connection", b"keep-alive", b"transfer-encoding", b"te", b"upgrade", b"expect", b"cookie"}
    | {b"authorization", b"x-request-id", b"traceparent", b"content-length", b"proxy-authorization"}
)
_DROP_STARTS = (b"x-job-server-", b"x-raw-", b"x-accel-")
_BACK_DROP = frozenset({"connection", "keep-alive", "transfer-encoding", "set-cookie", "server", "date"})


class ApiProxy:
    def __init__(
        self, settings: Settings, services: Services, callers: Callers, signer: Signer, signing: Signing
    ) -> None:
        self._settings = settings
        self._services = services
        self._callers = callers
        self._signer = signer
        self._signing = signing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        service = owner_of(scope["path"].removeprefix(PREFIX))
        if service is None:
            return await _answer(send, 404, "Not found.")
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        try:
            caller = await self._caller(scope)
        except AppError as refusal:
            return await _answer(send, refusal.status, refusal.detail)
        writes = caller.kind == "session" and scope["method"] not in _SAFE_METHODS
        if writes and (problem := self._csrf_problem(headers, caller)):
            return await _answer(send, 403, f"CSRF Failed: {problem}")
        await self._forward(service, scope, receive, send, caller)

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
        self, service: str, scope: Scope, receive: Receive, send: Send, caller: Caller
    ) -> None:
        client = self._services.http[service]
        path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        url = URL(
            getattr(self._settings, f"{service}_url").rstrip("/") + path + (f"?{query}" if query else ""),
            encoded=True,
        )
        has_body = any(name in {b"content-length", b"transfer-encoding"} for name, _ in scope["headers"])
        started = False
        try:
            async with client.session.request(
                scope["method"],
                url,
                headers=self._inward(scope["headers"], caller),
                data=_body(receive) if has_body else None,
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as answer:
                started = True
                await self._back(answer, send)
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            log.warning("api call failed", service=service, error=repr(exc), answered=started)
            if started:
                raise  # the connection must break: half an answer may not look whole
            await _answer(send, 502, "The service does not answer just now.")

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

    async def _back(self, answer: aiohttp.ClientResponse, send: Send) -> None:
        headers = [
            (name.lower(), value)
            for name, value in answer.raw_headers
            if name.decode("latin-1").lower() not in _BACK_DROP
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        async for chunk in answer.content.iter_any():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise asyncio.CancelledError
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            return


async def _answer(send: Send, status: int, detail: str) -> None:
    body = orjson.dumps({"detail": detail})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
