"""A TCP line that can go dead: nothing is closed and nothing arrives, as when a cable is pulled."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread


class Line:
    """What is connected when it dies, or while it is dead, stays so for ever, as in life."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._dead = Event()
        self.port = 0

    def cut(self) -> None:
        self._dead.set()

    def mend(self) -> None:
        """For connections that are made from now on."""
        self._dead = Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        dead = self._dead
        from_target, to_target = await asyncio.open_connection("127.0.0.1", self._target)
        await asyncio.gather(_carry(reader, to_target, dead), _carry(from_target, writer, dead))


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dead: Event) -> None:
    while piece := await reader.read(65536):
        if not dead.is_set():
            writer.write(piece)
    if not dead.is_set():
        writer.close()


@contextmanager
def line_to(target: int) -> Iterator[Line]:
    """A line to this port, run in a thread, for tests that have no loop of their own or one that waits."""
    line, loop, ready = Line(target), asyncio.new_event_loop(), Event()

    async def serve() -> None:
        server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
        line.port = server.sockets[0].getsockname()[1]
        ready.set()

    def run() -> None:
        loop.create_task(serve())
        loop.run_forever()

    thread = Thread(target=run, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield line
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
