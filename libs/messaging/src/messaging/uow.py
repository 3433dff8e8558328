"""One local transaction per use case: its rows and its messages commit together (style #5, #9)."""

from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Annotated, Self

import sqlalchemy as sa
from contracts.base import Event, State
from fastapi import Depends, Request
from kit.db import Database, Sessions
from sqlalchemy.ext.asyncio import AsyncSession

from messaging.envelope import seal
from messaging.topology import stream_of

_outbox = sa.table(
    "outbox", sa.column("event_id", sa.Uuid), sa.column("stream"), sa.column("subject"), sa.column("body")
)


class UnitOfWork:
    """Commits when the block ends well, rolls back when it raises. Nothing below the edges commits."""

    def __init__(self, sessions: Sessions, service: str, wake: Callable[[], None]) -> None:
        self._sessions = sessions
        self._service = service
        self._wake = wake
        self._messages: list[Event | State] = []

    def publish(self, *messages: Event | State) -> None:
        """Announce with this transaction. Written last, so that outbox order follows the row locks."""
        self._messages.extend(messages)

    async def __aenter__(self) -> Self:
        self.session: AsyncSession = self._sessions()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                await self.commit()
        finally:
            await self.session.close()

    async def commit(self) -> None:
        """For the edges only; `async with` calls it."""
        await self.session.flush()
        if self._messages:
            await self.session.execute(sa.insert(_outbox), [self._row(m) for m in self._messages])
        await self.session.commit()
        if self._messages:
            self._messages = []
            self._wake()

    def _row(self, message: Event | State) -> dict[str, object]:
        event_id, subject, body = seal(self._service, message)
        return {"event_id": event_id, "stream": stream_of(subject), "subject": subject, "body": body}


class Units:
    """Makes units of work for one process of one service; `wake` tells the relay that there is work."""

    def __init__(self, database: Database, service: str, wake: Callable[[], None]) -> None:
        self.database = database
        self.service = service
        self.wake = wake

    def __call__(self) -> UnitOfWork:
        return UnitOfWork(self.database.sessions, self.service, self.wake)


async def _uow(request: Request) -> AsyncIterator[UnitOfWork]:
    units: Units = request.app.state.units
    async with units() as uow:
        yield uow


# scope="function" commits before the response is sent; the default would answer 2xx first (style §7a).
Uow = Annotated[UnitOfWork, Depends(_uow, scope="function")]
