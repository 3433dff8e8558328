"""One NATS connection per process, kept up for ever; the process also starts while NATS is away."""

import asyncio
from typing import Any

import nats
from kit.logging import get
from nats.aio.client import Client
from nats.errors import Error

log = get()


async def _say(exc: Exception) -> None:
    log.warning("nats", error=repr(exc))


async def connect(url: str, name: str) -> Client:
    """Waits for NATS as long as it takes; connected again after every loss."""
    return await nats.connect(
        url,
        name=name,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.25,
        connect_timeout=2,
        ping_interval=10,
        max_outstanding_pings=2,
        allow_reconnect=True,
        error_cb=_say,
    )


def boot_of(client: Client) -> str:
    """Another for each start of the server: what it had before a start it may have lost."""
    return str(client._server_info.get("server_id", ""))  # nats-py keeps it to itself


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel until they have ended: Python 3.11's wait_for, used by nats-py, may swallow a cancellation."""
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=0.5)


class Nats:
    """A connection that is made in the background; `requests` for whoever asks JetStream for something."""

    def __init__(self, url: str, name: str, *, requests: bool = False) -> None:
        self._url = url
        self._name = name
        self._requests = requests
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._up = asyncio.Event()

    def start(self) -> None:
        self._task = asyncio.create_task(self._connect())

    async def _connect(self) -> None:
        self._client = client = await connect(self._url, self._name)
        while self._requests:
            # nats-py makes its inbox at the first request; of two at once, one gets no answer.
            try:
                await client.jetstream(timeout=2).account_info()
                break
            except (Error, TimeoutError) as exc:
                log.warning("nats is away", error=repr(exc))
                await asyncio.sleep(0.5)
        self._up.set()

    async def client(self) -> Client:
        """Waits for the first connection."""
        await self._up.wait()
        assert self._client is not None
        return self._client

    @property
    def is_up(self) -> bool:
        """As far as is known: of a broker that hangs it is known after half a minute."""
        return self._client is not None and self._up.is_set() and self._client.is_connected

    async def ping(self) -> None:
        """Raises unless the connection is up right now."""
        if self._client is None or not self.is_up:
            raise ConnectionError("not connected")
        await self._client.flush(timeout=1)

    def say(self, subject: str) -> None:
        """An empty core message that nobody needs to get: lost when NATS is away."""
        if self._client is not None and self._client.is_connected:
            _background(self._client.publish(subject, b""))

    async def close(self) -> None:
        if self._task is not None:
            await end(self._task)
        if self._client is not None:
            await self._client.close()


_running: set[asyncio.Task[None]] = set()


def _background(work: object) -> None:
    task: asyncio.Task[None] = asyncio.ensure_future(work)  # type: ignore[call-overload]
    _running.add(task)
    task.add_done_callback(_forget)


def _forget(task: asyncio.Task[None]) -> None:
    _running.discard(task)
    if not task.cancelled() and task.exception() is not None:
        log.info("wake-up was not sent", error=repr(task.exception()))
