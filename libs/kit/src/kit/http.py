"""Calls between our own processes (ADR 9). Clients depend on the `Client` class only."""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode

import aiohttp
import msgspec
from yarl import URL

from kit import errors, telemetry
from kit.identity import HEADER
from kit.metrics import CALLS


class Unreachable(errors.Unavailable):
    """No answer: refused, dropped or too late."""


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes


_PATIENCE = 2.0  # seconds
_FORGET = 60.0  # a neighbour that nobody asked for so long may have been back meanwhile
_PAUSE = 0.1
_NO_NAME = re.compile(r"%(2f|5c)", re.IGNORECASE)


def safe(path: str) -> str:
    """`path` as it is. Raises NotFound when a caller's text in it would choose another one, or is no name."""
    bare = path.split("?", 1)[0]
    if _NO_NAME.search(bare) or any(part in {".", ".."} for part in unquote(bare).split("/")) or "//" in bare:
        raise errors.NotFound("There is no such page.")
    return path


class Client:
    """One neighbour. `statement` supplies the signed identity of whoever the call is made for.

    A GET, and what is said to be `repeatable`, is sent again for up to two seconds while the neighbour
    restarts; one that has been away for longer is asked once. Anything else is sent once.
    """

    def __init__(
        self, name: str, base_url: str, statement: Callable[[], str], *, timeout: float = 5.0
    ) -> None:
        self.name = name
        self._base = base_url.rstrip("/")
        self._statement = statement
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None
        self._away_since: float | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=128, keepalive_timeout=20),
                auto_decompress=False,
                skip_auto_headers=("User-Agent", "Accept-Encoding"),
                timeout=aiohttp.ClientTimeout(total=None),
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,
        timeout: float | None = None,
        repeatable: bool | None = None,
    ) -> Response:
        """Whatever the neighbour answered; raises Unreachable when it did not."""
        headers = telemetry.outgoing()
        headers[HEADER] = self._statement()
        body = None
        if json is not None:
            body = msgspec.json.encode(json)
            headers["Content-Type"] = "application/json"
        limit = aiohttp.ClientTimeout(total=timeout or self._timeout)
        url = URL(self._base + safe(path) + (f"?{urlencode(params)}" if params else ""), encoded=True)
        started = time.perf_counter()
        repeatable = method == "GET" if repeatable is None else repeatable
        while True:
            try:
                async with self.session.request(
                    method, url, data=body, headers=headers, timeout=limit, allow_redirects=False
                ) as answer:
                    content = await answer.read()
            except (aiohttp.ClientError, TimeoutError, OSError) as exc:
                if repeatable and not isinstance(exc, TimeoutError) and self._may_return():
                    await asyncio.sleep(_PAUSE)
                    continue
                CALLS.labels(self.name, "unreachable").observe(time.perf_counter() - started)
                raise Unreachable(f"The {self.name} service does not answer just now.") from exc
            if answer.status == 503 and repeatable and self._may_return():
                await asyncio.sleep(_PAUSE)
                continue
            if answer.status != 503:
                self._away_since = None
            CALLS.labels(self.name, str(answer.status)).observe(time.perf_counter() - started)
            return Response(answer.status, answer.headers, content)

    def _may_return(self) -> bool:
        """Whether it has been away for so short a time that it may just be restarting."""
        now = time.monotonic()
        if self._away_since is None or now - self._away_since > _FORGET:
            self._away_since = now
        return now - self._away_since < _PATIENCE

    async def get(self, path: str, **kw: Any) -> Response:
        return ok(await self.request("GET", path, **kw))

    async def post(self, path: str, **kw: Any) -> Response:
        return ok(await self.request("POST", path, **kw))

    async def patch(self, path: str, **kw: Any) -> Response:
        return ok(await self.request("PATCH", path, **kw))

    async def delete(self, path: str, **kw: Any) -> Response:
        return ok(await self.request("DELETE", path, **kw))


def ok(response: Response) -> Response:
    """The response when it is 2xx; otherwise raises the refusal the neighbour made, in its own words."""
    if response.status < 300:
        return response
    try:
        problem = msgspec.json.decode(response.body)
        detail = str(problem.pop("detail", "")) or "The request was refused."
        extra = {k: v for k, v in problem.items() if k not in {"type", "title", "status"}}
    except (msgspec.DecodeError, AttributeError, TypeError):
        detail, extra = "The request was refused.", {}
    cls = errors.BY_STATUS.get(response.status)
    if cls is None:
        raise errors.Unavailable(detail, upstream_status=response.status)
    raise cls(detail, **extra)
