"""Calls between our own processes (aiohttp; stack §0.1). Clients depend on the `Client` class only."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec

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


_GONE = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)


class Client:
    """One neighbour. `statement` supplies the signed identity of whoever the call is made for.

    A GET whose kept-alive connection turned out to be closed is sent again, and so is a DELETE by aiohttp;
    POST and PATCH never are.
    """

    def __init__(
        self, name: str, base_url: str, statement: Callable[[], str], *, timeout: float = 5.0
    ) -> None:
        self.name = name
        self._base = base_url.rstrip("/")
        self._statement = statement
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None

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
    ) -> Response:
        """Whatever the neighbour answered; raises Unreachable when it did not."""
        headers = telemetry.outgoing()
        headers[HEADER] = self._statement()
        body = None
        if json is not None:
            body = msgspec.json.encode(json)
            headers["Content-Type"] = "application/json"
        limit = aiohttp.ClientTimeout(total=timeout or self._timeout)
        started = time.perf_counter()
        tries = 2 if method == "GET" else 1
        while True:
            tries -= 1
            try:
                async with self.session.request(
                    method,
                    self._base + path,
                    params=params,
                    data=body,
                    headers=headers,
                    timeout=limit,
                    allow_redirects=False,
                ) as answer:
                    content = await answer.read()
                    CALLS.labels(self.name, str(answer.status)).observe(time.perf_counter() - started)
                    return Response(answer.status, answer.headers, content)
            except (aiohttp.ClientError, TimeoutError, OSError) as exc:
                if tries and isinstance(exc, _GONE):
                    continue
                CALLS.labels(self.name, "unreachable").observe(time.perf_counter() - started)
                raise Unreachable(f"The {self.name} service does not answer just now.") from exc

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
