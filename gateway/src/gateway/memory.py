"""Calls of Airlock that meet a restart wait here and are retried until a service answers (A10, ADR 15)."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import NamedTuple

from kit.errors import Unavailable
from starlette.types import Message, Receive

WAITING = 64  # calls at once
_KEEP = 20 * 1024 * 1024  # bytes of one body; a larger one is passed on as it comes, and not again
_BUDGET = 256 * 1024 * 1024  # of all bodies that are kept
_AUTHORISE = 3.0
_ANSWER = 20.0  # Airlock's workers end at 30 s
_HOLD = 15.0


class Limits(NamedTuple):
    """Seconds until an answer is due (None: while it progresses), and in which a call is made again."""

    total: float | None
    hold: float


_RULES = (
    (re.compile(r"releases/authorise/?"), Limits(_AUTHORISE, _AUTHORISE - 0.5)),
    (re.compile(r"releases/authenticate/?"), Limits(_ANSWER, _HOLD)),
    (re.compile(r"releases/workspace/[^/]+/?"), Limits(_ANSWER, _HOLD)),
    (re.compile(r"releases/release/[^/]+/?"), Limits(None, _HOLD)),
)
_EVENTS = re.compile(r"airlock/events/?")


def limits(method: str, path: str, *, traced: bool) -> Limits:
    """Of a call to `/api/v2/<path>`; what is not idempotent by our own design is made once."""
    if method == "POST":
        if _EVENTS.fullmatch(path):
            return Limits(_ANSWER, _HOLD if traced else 0)
        for pattern, found in _RULES:
            if pattern.fullmatch(path):
                return found
    return Limits(_ANSWER, 2.0 if method == "GET" else 0)


class MemoryBudget:
    """Counts what is held, so that an outage does not fill the memory."""

    def __init__(self) -> None:
        self._calls = 0
        self._bytes = 0

    def __enter__(self) -> "MemoryBudget":
        if self._calls >= WAITING:
            raise Unavailable("Too many calls wait for a restart. Try again in a few seconds.")
        self._calls += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._calls -= 1

    def take(self, size: int) -> bool:
        if self._bytes + size > _BUDGET:
            return False
        self._bytes += size
        return True

    def give(self, size: int) -> None:
        self._bytes -= size


class Body:
    """A body that can be sent again, unless it turns out to be too large to be kept."""

    def __init__(self, receive: Receive, budget: MemoryBudget) -> None:
        self._receive = receive
        self._budget = budget
        self._chunks: list[bytes] = []
        self._size = 0
        self.whole = False
        self.replayable = True

    async def read(self) -> None:
        """As far as it is kept."""
        while not self.whole and self.replayable:
            chunk = await self._next()
            self._size += len(chunk)
            self._chunks.append(chunk)
            self.replayable = self._size <= _KEEP and self._budget.take(len(chunk))

    async def _next(self) -> bytes:
        message: Message = await self._receive()
        if message["type"] == "http.disconnect":
            raise asyncio.CancelledError
        self.whole = not message.get("more_body")
        found: bytes = message.get("body", b"")
        return found

    async def chunks(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            if chunk:
                yield chunk
        while not self.whole:
            if chunk := await self._next():
                yield chunk

    def close(self) -> None:
        taken = self._size if self.replayable else self._size - len(self._chunks[-1])
        self._budget.give(taken)
        self._chunks.clear()
