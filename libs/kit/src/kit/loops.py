"""Loops that serve what waits in the database."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress


async def serve(once: Callable[[], Awaitable[int]], woken: asyncio.Event, *, pause: float = 1.0) -> None:
    """For ever: `once` until it finds nothing to do, then wait until woken, `pause` seconds at most."""
    while True:
        woken.clear()
        while await once():
            pass
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):  # Python 3.11's wait_for can swallow a cancellation
                await woken.wait()
