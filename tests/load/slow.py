"""Callers who take their time, and pages left open: what they cost the others."""

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


@asynccontextmanager
async def _while(tasks: list[asyncio.Task[None]]) -> AsyncIterator[None]:
    """They go on within, and have ended after it."""
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


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
    async with _while(tasks):
        yield


@asynccontextmanager
async def open_pages(url: str, count: int) -> AsyncIterator[None]:
    """Each listens to a request of its own and reads what comes. Raises when one is refused."""
    parts = urlsplit(url)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)

    async def listen(number: int, ready: asyncio.Event) -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(b"GET /live?topic=request:%d HTTP/1.1\r\nHost: open\r\n\r\n" % number)
        head = await reader.readuntil(b"\r\n")
        if b" 200 " not in head:
            raise RuntimeError(f"an open page was answered {head!r}")
        ready.set()
        while await reader.read(4096):
            pass

    tasks = []
    for first in range(0, count, 100):
        ready = [asyncio.Event() for _ in range(first, min(first + 100, count))]
        tasks += [asyncio.create_task(listen(first + n, event)) for n, event in enumerate(ready)]
        async with asyncio.timeout(30):
            await asyncio.gather(*(event.wait() for event in ready))
    async with _while(tasks):
        yield
