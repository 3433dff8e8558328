"""Live pages: one NATS subscription, names of what changed to every open page (ADR 4)."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import parse_qsl

import msgspec
from contracts.base import Event
from contracts.identity import AccessChanged
from contracts.jobs import BackendHealthChanged
from kit.logging import get
from messaging.connection import Nats
from messaging.envelope import Unreadable, decode
from nats.aio.msg import Msg
from starlette.types import Receive, Scope, Send

from gateway.callers import Callers

log = get()
_TOPICS = 20  # of one page
_STREAMS = 10_000  # of one process
_PING = 10.0
_FACTS = ("jobs.>", "releases.>", "identity.access.>")


def topics_of(event: Event) -> list[str]:
    """What pages may be about that this fact touches."""
    if isinstance(event, BackendHealthChanged):
        return ["status", f"backend:{event.backend}"]
    topics = []
    if (request := getattr(event, "job_request_id", None)) is not None:
        topics += [f"request:{request}", "runs", "status"]
    if hasattr(event, "release_id"):
        topics.append("releases")
    if (workspace := getattr(event, "workspace", None)) is not None:
        topics.append(f"workspace:{workspace}")
    return topics


class Stream:
    """One open page. What it has not read yet is kept as a set of names, so a slow reader costs nothing."""

    def __init__(self, topics: Iterable[str]) -> None:
        self.topics = frozenset(topics)
        self.changed: set[str] = set()
        self.wakeup = asyncio.Event()
        self.gone = False

    def notify(self, topics: Iterable[str]) -> None:
        self.changed.update(topics)
        self.wakeup.set()


class Live:
    def __init__(self, broker: Nats, callers: Callers) -> None:
        self._broker = broker
        self._callers = callers
        self._by_topic: dict[str, set[Stream]] = {}
        self._streams: set[Stream] = set()
        self._closing = False

    async def listen(self) -> None:
        """Subscribe; after a reconnection every page reloads its parts, since facts may have been missed."""
        client = await self._broker.client()
        for subject in _FACTS:
            await client.subscribe(subject, cb=self._on_fact)

        async def reconnected() -> None:
            self._callers.forget_everybody()
            for stream in self._streams:
                stream.notify(["resync"])

        client._reconnected_cb = reconnected  # else nats-py takes it only at connect

    async def _on_fact(self, message: Msg) -> None:
        try:
            _, event = decode(message.data)
        except Unreadable:
            log.warning("unreadable fact", subject=message.subject)
            return
        if isinstance(event, AccessChanged):
            return self._callers.forget(event)
        if isinstance(event, Event):
            self.publish(topics_of(event))

    def publish(self, topics: Iterable[str]) -> None:
        for topic in topics:
            for stream in self._by_topic.get(topic, ()):
                stream.notify([topic])

    @property
    def _hears(self) -> bool:
        return self._broker.is_up and not self._closing

    def close(self) -> None:
        """At shutdown every stream ends by itself, so that the process need not wait for them."""
        self._closing = True
        for stream in self._streams:
            stream.wakeup.set()

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """GET /live?topic=…: server-sent events `{"topic": …}`; anybody may listen: no data is in it.

        A stream ends, and none begins, while the broker is away: a page would call itself live and not be.
        """
        query = parse_qsl(scope["query_string"].decode("latin-1"))
        topics = [value[:200] for name, value in query if name == "topic"][:_TOPICS]
        if not topics or len(self._streams) >= _STREAMS or not self._hears:
            status, words = (503, b"Not live just now.") if topics else (400, b"Name a topic.")
            headers = [(b"retry-after", b"5"), (b"content-type", b"text/plain")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": words})
            return
        stream = Stream(topics)
        self._streams.add(stream)
        for topic in stream.topics:
            self._by_topic.setdefault(topic, set()).add(stream)
        gone = asyncio.create_task(_gone(receive, stream))
        try:
            await self._write(stream, send)
        finally:
            gone.cancel()
            self._drop(stream)

    async def _write(self, stream: Stream, send: Send) -> None:
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await _chunk(send, b"retry: 1000\n\n")
        while self._hears and not stream.gone:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PING):  # Python 3.11's wait_for can swallow a cancellation
                    await stream.wakeup.wait()
            stream.wakeup.clear()
            changed, stream.changed = stream.changed, set()
            lines = [b"data: %b\n\n" % msgspec.json.encode({"topic": name}) for name in sorted(changed)]
            if not stream.gone:
                await _chunk(send, b"".join(lines) or b"event: ping\ndata: \n\n")
        if not stream.gone:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _drop(self, stream: Stream) -> None:
        self._streams.discard(stream)
        for topic in stream.topics:
            listeners = self._by_topic[topic]
            listeners.discard(stream)
            if not listeners:
                del self._by_topic[topic]


async def _chunk(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive, stream: Stream) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.gone = True
    stream.wakeup.set()
