"""Limits at the socket, before a request is anything: size and time of its head, pauses of its body."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD = 64 * 1024  # bytes of request line and headers
HEAD_SECONDS = 20.0  # from the connection, or the first byte after an answer, to the end of the head
PAUSE_SECONDS = 30.0  # without a byte of a body that is not complete
_SLICE = 16 * 1024

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class _Lingering:
    """The transport, whose `close` lets the answer arrive first."""

    def __init__(self, transport: Any, protocol: "BoundedProtocol") -> None:
        self._transport = transport
        self._protocol = protocol

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        return self._protocol.refused or bool(self._transport.is_closing())

    def close(self) -> None:
        if not self._protocol.linger(self._transport):
            self._transport.close()


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's own, which reads heads without end and waits for ever."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head = 0  # bytes of the head under way; -1: it is complete
        self.refused = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(_Lingering(transport, self))  # type: ignore[arg-type]
        self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait(None)
        super().connection_lost(exc)

    def _wait(self, seconds: float | None) -> None:
        """Close when nothing changes this; None: there is nothing to wait for."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self._too_slow)

    def _too_slow(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        if self.refused:
            return
        if self._head == -1:
            if self._timer is not None:
                self._wait(PAUSE_SECONDS)
            return super().data_received(data)
        if self._timer is None:
            self._wait(HEAD_SECONDS)
        for first in range(0, len(data), _SLICE):
            part = data[first : first + _SLICE]
            if self._head != -1:
                self._head += len(part)
            super().data_received(part)
            if self.transport.is_closing():
                return
            if self._head > HEAD:
                return self._refuse()

    def _refuse(self) -> None:
        self._head = -1  # more than a head: what follows is not read
        self.transport.write(_TOO_LARGE)
        self.transport.close()

    def linger(self, transport: Any) -> bool:
        """Whether something of a request still arrives: closing now would take the answer away with it, so
        it is dropped for a moment."""
        if self._head != -1 or self.refused or transport.is_closing():
            return False
        self.refused = True
        transport.write_eof()
        transport.resume_reading()
        self._wait(None)
        self._timer = self.loop.call_later(1, transport.close)
        return True

    def on_headers_complete(self) -> None:
        self._head = -1
        self._wait(PAUSE_SECONDS)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._head = 0
        self._wait(None)
        super().on_message_complete()
