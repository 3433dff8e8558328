"""Keep-alive HTTP over plain sockets, so that the tool is not what is measured."""

import asyncio
import statistics
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httptools


@dataclass
class Load:
    """What one run found; times in milliseconds."""

    name: str
    concurrency: int
    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    bad: dict[int, int] = field(default_factory=dict)
    asked: int = 0  # with the warm-up
    whole: float = 0.0  # seconds with the warm-up
    cpu: dict[str, float] = field(default_factory=dict)  # milliseconds of a request, by what used them

    @property
    def per_second(self) -> float:
        return len(self.times) / self.seconds

    @property
    def p50(self) -> float:
        return statistics.median(self.times)

    @property
    def p99(self) -> float:
        return sorted(self.times)[int(len(self.times) * 0.99)]


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self._done: asyncio.Future[int] | None = None
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def ask(self, request: bytes) -> "asyncio.Future[int]":
        self._parser = httptools.HttpResponseParser(self)
        self._done = asyncio.get_running_loop().create_future()
        self._transport.write(request)  # type: ignore[attr-defined]
        return self._done

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self.closed = self.closed or not self._parser.should_keep_alive()
        assert self._done is not None
        self._done.set_result(self._parser.get_status_code())

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self._done is not None and not self._done.done():
            self._done.set_exception(ConnectionError("the server closed the connection"))


def request(url: str, headers: dict[str, str], body: bytes = b"") -> tuple[str, int, bytes]:
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"{'POST' if body else 'GET'} {path} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return parts.hostname or "", parts.port or 80, ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def measure(
    name: str, asked: list[tuple[str, int, bytes]], concurrency: int, seconds: float, expected: int = 200
) -> Load:
    """`concurrency` connections ask in turn for `seconds`, after a short warm-up that does not count."""
    load = Load(name, concurrency)
    loop = asyncio.get_running_loop()
    first = time.perf_counter()
    begin = first + min(0.5, seconds / 4)
    end = begin + seconds

    async def worker(number: int) -> None:
        host, port, _ = asked[0]
        _, connection = await loop.create_connection(_Connection, host, port)
        turn = number
        while (now := time.perf_counter()) < end:
            if connection.closed:  # as it is after each answer to a backend's POST
                _, connection = await loop.create_connection(_Connection, host, port)
            status = await connection.ask(asked[turn % len(asked)][2])
            turn += concurrency
            load.asked += 1
            if now >= begin:
                load.times.append((time.perf_counter() - now) * 1000)
                if status != expected:
                    load.bad[status] = load.bad.get(status, 0) + 1
        connection._transport.close()

    await asyncio.gather(*(worker(number) for number in range(concurrency)))
    load.seconds, load.whole = time.perf_counter() - begin, time.perf_counter() - first
    return load
