"""Waiting for a fact instead of for a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


def until(look: Callable[[], T], within: float = 30.0) -> T:
    """The first true answer of `look`. Raises AssertionError with the last one after `within` seconds."""
    deadline = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < deadline, _late(look, within, found)
        time.sleep(0.02)
    return found


async def eventually(look: Callable[[], Awaitable[T]], within: float = 30.0) -> T:
    """The same for what is awaited."""
    deadline = time.monotonic() + within
    while not (found := await look()):
        assert time.monotonic() < deadline, _late(look, within, found)
        await asyncio.sleep(0.02)
    return found


def _late(look: object, within: float, found: object) -> str:
    return f"not within {within:.0f} s: {getattr(look, '__qualname__', look)}: {found!r}"
