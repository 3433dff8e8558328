"""One local transaction per use case: its rows and its messages commit together (ADR 6)."""

from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Annotated, Self

import sqlalchemy as sa
from contracts.base import Event, State
from fastapi import Depends, Request
from kit.db import Database, Sessions
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from messaging.envelope import encode
from messaging.topology import stream_of

# One statement for however many messages, in their order.
_OUTBOX = sa.text("""
insert into outbox (event_id, stream, subject, body)
select event_id, stream, subject, body
from unnest(:ids, :streams, :subjects, :bodies) with ordinality as m(event_id, stream, subject, body, place)
order by place
""").bindparams(
    sa.bindparam("ids", type_=ARRAY(sa.Uuid)),
    sa.bindparam("streams", type_=ARRAY(sa.Text)),
    sa.bindparam("subjects", type_=ARRAY(sa.Text)),
    sa.bindparam("bodies", type_=ARRAY(sa.LargeBinary)),
)


LARGEST = 900_000  # bytes; a broker takes 1 MiB unless it is told otherwise


class TooLarge(Exception):
    """An announcement that no broker would take. The transaction that made it does not happen."""


class UnitOfWork:
    """Commits when the block ends well, rolls back when it raises. Nothing below the edges commits."""

    def __init__(self, sessions: Sessions, service: str, wake_relay: Callable[[], None]) -> None:
        self._sessions = sessions
        self._service = service
        self._wake = wake_relay
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
        """For the edges only; `async with` calls it. Raises TooLarge."""
        await self.session.flush()
        if self._messages:
            await self.session.execute(_OUTBOX, self._rows())
        await self.session.commit()
        if self._messages:
            self._messages = []
            self._wake()

    def _rows(self) -> dict[str, list[object]]:
        """The outbox's columns."""
        encoded = [encode(self._service, message) for message in self._messages]
        for _, subject, body in encoded:
            if len(body) > LARGEST:
                raise TooLarge(f"{subject} has {len(body):,} bytes, at most {LARGEST:,} are possible")
        return {
            "ids": [event_id for event_id, _, _ in encoded],
            "streams": [stream_of(subject) for _, subject, _ in encoded],
            "subjects": [subject for _, subject, _ in encoded],
            "bodies": [body for _, _, body in encoded],
        }


class Units:
    """Makes units of work for one process of one service; `wake_relay` tells it that there is work."""

    def __init__(self, database: Database, service: str, wake_relay: Callable[[], None]) -> None:
        self.database = database
        self.service = service
        self.wake_relay = wake_relay

    def __call__(self) -> UnitOfWork:
        return UnitOfWork(self.database.sessions, self.service, self.wake_relay)


async def _uow(request: Request) -> AsyncIterator[UnitOfWork]:
    units: Units = request.app.state.units
    async with units() as uow:
        yield uow


# scope="function" commits before the response is sent; the default would answer 2xx first.
Uow = Annotated[UnitOfWork, Depends(_uow, scope="function")]
