"""Callers who take their time: what they cost those who do not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


@asynccontextmanager
async def slow_clients(url: str, count: int) -> AsyncIterator[None]:
    """Each sends its request byte by byte and comes again when it is closed; `count` are there always."""
    parts = urlsplit(url)

    async def dawdle() -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection(parts.hostname, parts.port)
                for byte in b"GET / HTTP/1.1\r\nHost: slow\r\nX-Slow: " + b"x" * 1_000:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(0.5)
            except OSError:
                await asyncio.sleep(0.5)

    tasks = [asyncio.create_task(dawdle()) for _ in range(count)]
    await asyncio.sleep(1)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
