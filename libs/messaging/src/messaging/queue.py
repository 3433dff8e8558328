"""Work that waits in a table: claimed row by row, each claim with a lease that is renewed while it lasts."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from kit.logging import get
from sqlalchemy import Executable, text
from sqlalchemy.dialects.postgresql import ARRAY

from messaging.connection import end
from messaging.uow import Units

log = get()
LEASE = 12  # seconds; what a killed process was at is free again after that
_RENEW = 4.0

Work = Callable[[sa.Row[Any]], Awaitable[None]]


class Queue:
    """At most `slots` pieces of work at once in this process; one that takes long holds up no other.

    `claim` is an UPDATE that takes up to `:free` rows for `:seconds` and returns them, each with its `lease`:
    it sets `lease` to a fresh text and `leased_until`, and passes over rows whose `leased_until` is to come.
    It also decides what is fair. `work` ends with the transaction that records what became of the row and
    sets `lease` and `leased_until` to null, and changes nothing when the lease is no longer its own. Work
    that raises keeps its lease to the end, so that what is broken is not tried again at once.
    """

    def __init__(
        self,
        units: Units,
        table: str,
        claim: Executable,
        work: Work,
        *,
        slots: int,
        wakeup: asyncio.Event | None = None,
        values: dict[str, Any] | None = None,
    ) -> None:
        self._units = units
        self._table = table
        self._claim = claim
        self._work = work
        self._slots = slots
        self._wakeup = wakeup or asyncio.Event()
        self._values = values or {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._renewal = text(
            f"update {table} set leased_until = now() + make_interval(secs => :seconds)"
            " where lease = any(:leases) returning lease"
        ).bindparams(sa.bindparam("leases", type_=ARRAY(sa.Text)))

    async def run(self, *, pause: float = 1.0) -> None:
        """For ever; looks again when woken, when a slot is free, and after `pause` seconds."""
        renewing = asyncio.create_task(self._renew())
        try:
            while True:
                self._wakeup.clear()
                if not await self._take():
                    with suppress(TimeoutError):
                        async with asyncio.timeout(
                            pause
                        ):  # Python 3.11's wait_for can swallow a cancellation
                            await self._wakeup.wait()
        finally:
            await end(renewing, *self._running.values())

    async def once(self) -> int:
        """What is due, as far as there are slots; how much there was."""
        renewing = asyncio.create_task(self._renew())
        try:
            count = await self._take()
            await asyncio.gather(*self._running.values())
        finally:
            await end(renewing, *self._running.values())
        return count

    async def _take(self) -> int:
        if not (free := self._slots - len(self._running)):
            return 0
        async with self._units() as uow:
            values = {"free": free, "seconds": LEASE, **self._values}
            rows = (await uow.session.execute(self._claim, values)).all()
        for row in rows:
            self._running[row.lease] = asyncio.create_task(self._one(row))
        return len(rows)

    async def _one(self, row: sa.Row[Any]) -> None:
        try:
            await self._work(row)
        except Exception:  # one broken piece must not stop the others; it is tried again when its lease ends
            log.exception("work of a queue failed", table=self._table)
        finally:
            del self._running[row.lease]
            self._wakeup.set()

    async def _renew(self) -> None:
        missing: set[str] = set()
        while True:
            await asyncio.sleep(_RENEW)
            if not (leases := list(self._running)):
                continue
            try:
                async with self._units() as uow:
                    values = {"leases": leases, "seconds": LEASE}
                    ours = set((await uow.session.execute(self._renewal, values)).scalars())
            except Exception as exc:  # while the database is away nobody else can take it either
                log.warning("leases were not renewed", table=self._table, error=str(exc))
                continue
            gone = set(leases) - ours
            for lease in gone & missing:  # twice: between its last transaction and its end work has none
                if task := self._running.get(lease):
                    log.warning("another has taken this work over", table=self._table)
                    task.cancel()
            missing = gone
