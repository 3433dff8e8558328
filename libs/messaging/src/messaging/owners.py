"""Whose thing has not arrived here yet is asked, for people who look and for facts that came first.

What the owner does not know either is not asked for again for five seconds.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from contracts.base import State
from kit import http
from kit.errors import Unavailable
from kit.logging import get

from messaging.replicas import Replica, on_miss
from messaging.uow import Units

log = get()
_REMEMBER_MISS = 5.0  # seconds
_MAX_MISSES = 1_000
By = Mapping[str, str | int]


class Lookup(NamedTuple):
    replica: Replica
    by: By


class MissingReplica(Exception):
    """A handler's thing has not arrived: its owner is asked for what is `wanted`, then it is tried again."""

    def __init__(self, *wanted: Lookup) -> None:
        super().__init__(", ".join(f"{one.replica.state.thing} {dict(one.by)}" for one in wanted))
        self.wanted: Sequence[Lookup] = wanted


def require(*facts: tuple[object, Replica, By]) -> None:
    """Each is what was read, and where to ask for it otherwise. Raises MissingReplica if any is None."""
    if missing := [Lookup(replica, by) for value, replica, by in facts if value is None]:
        raise MissingReplica(*missing)


class Owners:
    """`clients` by the name of the service that owns."""

    def __init__(self, units: Units, clients: Mapping[str, http.Client]) -> None:
        self._units = units
        self._clients = clients
        self._misses: dict[tuple[object, ...], float] = {}

    async def ask(self, replica: Replica, **by: str | int) -> State | None:
        """It, written here as well; None when there is no such thing. Raises Unavailable."""
        key = (replica.state.thing, *sorted(by.items()))
        if self._misses.get(key, 0) > time.monotonic():
            return None
        owner = self._clients[replica.state.thing.partition(".")[0]]
        found = await on_miss(self._units, replica, owner, by)
        if found is None:
            if len(self._misses) >= _MAX_MISSES:
                self._misses.clear()
            self._misses[key] = time.monotonic() + _REMEMBER_MISS
        return found

    async def fetch_missing(self, wanted: Sequence[Lookup]) -> bool:
        """Whether any of these is here now; an owner who is away cannot help."""
        return any(await asyncio.gather(*(self._fetch(one) for one in wanted)))

    async def _fetch(self, wanted: Lookup) -> bool:
        try:
            return await self.ask(wanted.replica, **wanted.by) is not None
        except Unavailable as exc:
            log.info("its owner could not be asked", thing=wanted.replica.state.thing, error=exc.detail)
            return False

    def forget_misses(self) -> None:
        """For tests, which do not wait until they are forgotten."""
        self._misses.clear()

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()
