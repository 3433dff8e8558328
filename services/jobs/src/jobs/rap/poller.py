"""Asking the controller what became of the active requests: one leader, soon after news, rarely otherwise."""

import asyncio
import time
from collections.abc import Sequence

import msgspec
from kit.leader import leadership
from kit.logging import get
from messaging.uow import Units
from sqlalchemy.exc import DBAPIError

from jobs.models import ACTIVE_SQL
from jobs.rap import forgotten
from jobs.rap.client import RapClient, RapError
from jobs.rap.sync import Sync
from jobs.settings import Settings

log = get()
BATCH = 250
_TICK = 0.5
_SLOWER = 1.5
_URGENT = 1.0  # seconds; somebody waits for what was cancelled to end

# Requests the controller has: at most a year old, or with live jobs at any age (J32).
_ACTIVE = f"""
select r.rap_id, r.live > 0 and r.cancelled_actions <> '{{}}' as urgent,
  extract(epoch from now() - s.unknown_since)::float as unknown_for
from job_requests r join submissions s on s.job_request_id = r.id
where (r.status in ({ACTIVE_SQL}) or r.live > 0)
  and s.state = 'accepted' and (r.created_at > now() - interval '52 weeks' or r.live > 0)
"""


class Schedule:
    """When to ask about each request: at once, then ever less often while nothing changes; those that are
    `urgent` every second."""

    def __init__(self, first: float, slowest: float) -> None:
        self._first = first
        self._slowest = max(first, slowest)
        self._next: dict[str, tuple[float, float]] = {}  # rap id -> (when, pause)
        self._urgent: frozenset[str] = frozenset()

    def due(self, active: Sequence[str], now: float, urgent: frozenset[str] = frozenset()) -> list[str]:
        """Those to be asked about now; requests that are no longer active are forgotten."""
        self._next = {
            rap_id: (now, _URGENT)
            if rap_id in urgent and rap_id not in self._urgent
            else self._next.get(rap_id, (now, self._first))
            for rap_id in active
        }
        self._urgent = urgent
        return [rap_id for rap_id, (when, _) in self._next.items() if when <= now]

    def asked(self, rap_id: str, now: float, *, changed: bool) -> None:
        _, pause = self._next.get(rap_id, (now, self._first))
        pause = self._first if changed else min(pause * _SLOWER, self._slowest)
        if rap_id in self._urgent:
            pause = min(pause, _URGENT)
        self._next[rap_id] = (now + pause, pause)


class Poller:
    def __init__(self, settings: Settings, units: Units, rap: RapClient) -> None:
        self._settings = settings
        self._units = units
        self._rap = rap
        self._begin()

    def _begin(self) -> None:
        self._sync = Sync(self._units)
        self._unknown_for: dict[str, float] = {}  # rap id -> for how many seconds it has been unknown there
        self._schedule = Schedule(self._settings.rap_api_first_poll, self._settings.rap_api_poll_interval)

    async def run(self) -> None:
        """For ever, while leading; a new leader begins by asking about everything."""
        async with leadership(self._settings.database_url, "jobs.poller") as lead:
            self._begin()  # what was known may have been changed by another leader
            while True:
                rows = await lead.connection.fetch(_ACTIVE)
                self._unknown_for = {
                    row["rap_id"]: row["unknown_for"] for row in rows if row["unknown_for"] is not None
                }
                urgent = frozenset(row["rap_id"] for row in rows if row["urgent"])
                due = self._schedule.due([row["rap_id"] for row in rows], time.monotonic(), urgent)
                batches = [due[i : i + BATCH] for i in range(0, len(due), BATCH)]
                for group in (batches[i : i + 2] for i in range(0, len(batches), 2)):
                    await asyncio.gather(*(self._ask(batch) for batch in group))
                await asyncio.sleep(_TICK)

    async def _ask(self, rap_ids: list[str]) -> None:
        """What fails is asked again later; one bad id must not hold up the others of its batch."""
        changed: frozenset[str] = frozenset()
        try:
            applied = await self._sync.apply(await self._rap.status(rap_ids))
            changed = applied.changed
            await self._follow_unknown(rap_ids, applied.unrecognised)
        except RapError as exc:
            log.warning("status call failed", count=len(rap_ids), error=str(exc))
            if getattr(exc, "status", None) == 400 and len(rap_ids) > 1:
                return await self._ask_halves(rap_ids)
        except (msgspec.MsgspecError, DBAPIError) as exc:
            log.error("the controller's status answer cannot be used", count=len(rap_ids), error=str(exc))
            if len(rap_ids) > 1 and not _garbled(exc):
                return await self._ask_halves(rap_ids)
        now = time.monotonic()
        for rap_id in rap_ids:
            self._schedule.asked(rap_id, now, changed=rap_id in changed)

    async def _follow_unknown(self, rap_ids: list[str], unknown: frozenset[str]) -> None:
        """What the controller does not know although it took it: for a while, then for good."""
        if unknown:
            log.warning("the controller does not know", rap_ids=sorted(unknown)[:10])
        if back := [rap_id for rap_id in rap_ids if rap_id in self._unknown_for and rap_id not in unknown]:
            await forgotten.mark_known(self._units, back)
        if new := [rap_id for rap_id in unknown if rap_id not in self._unknown_for]:
            await forgotten.mark_unknown(self._units, new)
        grace = self._settings.forgotten_minutes * 60
        if lost := [rap_id for rap_id in unknown if self._unknown_for.get(rap_id, 0) > grace]:
            await forgotten.fail(self._units, lost)

    async def _ask_halves(self, rap_ids: list[str]) -> None:
        half = len(rap_ids) // 2
        await self._ask(rap_ids[:half])
        await self._ask(rap_ids[half:])


def _garbled(exc: Exception) -> bool:
    """Whether no smaller question can help: not JSON at all, or the database is away."""
    if isinstance(exc, DBAPIError):
        return exc.connection_invalidated
    return not isinstance(exc, msgspec.ValidationError)
