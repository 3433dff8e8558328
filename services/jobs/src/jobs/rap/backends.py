"""What the controller says of its backends, each for itself (spec/jobs.md §3.2)."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from contracts.jobs import BackendHealthChanged
from kit.logging import get
from messaging.uow import Units
from sqlalchemy import text

from jobs.rap.client import RapClient, RapError
from jobs.settings import Settings

log = get()

# First, so that of two workers the second compares with what the first wrote.
_LOCK = text("select from backend_health order by slug for update")

_WRITE = text("""
with sent as (
  select x.slug, x.last_seen, x.paused->>'status' = 'on' as paused,
    (x.paused->>'since')::timestamptz as paused_since,
    x.db_maintenance->>'status' = 'on' as in_maintenance,
    (x.db_maintenance->>'since')::timestamptz as maintenance_since, to_jsonb(x) as raw,
    coalesce(now() - x.last_seen >= make_interval(secs => k.alert_timeout_seconds), false) as missing
  from jsonb_to_recordset(cast(:sent as jsonb)) as x(slug text, last_seen timestamptz, paused jsonb,
    db_maintenance jsonb)
  join known_backends k on k.slug = x.slug
), before as (select b.* from backend_health b join sent using (slug))
insert into backend_health as b (slug, last_seen_at, paused, paused_since, in_maintenance, maintenance_since,
  raw, missing, checked_at)
select slug, last_seen, coalesce(paused, false), paused_since, coalesce(in_maintenance, false),
  maintenance_since, raw, missing, now() from sent
on conflict (slug) do update set last_seen_at = excluded.last_seen_at, paused = excluded.paused,
  paused_since = excluded.paused_since, in_maintenance = excluded.in_maintenance,
  maintenance_since = excluded.maintenance_since, raw = excluded.raw, missing = excluded.missing,
  checked_at = now()
returning b.slug, b.paused, b.in_maintenance, b.missing,
  (select (o.paused, o.in_maintenance, o.missing) is distinct from (b.paused, b.in_maintenance, b.missing)
   from (select 1) one left join before o on o.slug = b.slug) as changed
""")


class _Flag(msgspec.Struct):
    status: str
    since: datetime | None


class _Said(msgspec.Struct):
    """What is read of a backend; keys the controller may add later are kept in `raw` only."""

    slug: str
    last_seen: datetime | None
    paused: _Flag
    db_maintenance: _Flag


def readable(told: Sequence[Any]) -> list[Any]:
    """Without those that make no sense, so that they do not hide the others."""
    found = []
    for one in told:
        try:
            msgspec.convert(one, _Said)
        except msgspec.ValidationError as exc:
            log.error("what the controller says of a backend cannot be read", said=one, error=str(exc))
        else:
            found.append(one)
    return found


class BackendWatch:
    def __init__(self, settings: Settings, units: Units, rap: RapClient) -> None:
        self._pause = settings.backend_poll_interval
        self._units = units
        self._rap = rap

    async def run(self) -> None:
        """Several workers may do this at once; each writes what it was told."""
        while True:
            try:
                await self.once()
            except RapError as exc:
                log.warning("backend status failed", error=str(exc))
            await asyncio.sleep(self._pause)

    async def once(self) -> None:
        sent = msgspec.json.encode(readable(await self._rap.backend_status())).decode()
        async with self._units() as uow:
            await uow.session.execute(_LOCK)
            rows = (await uow.session.execute(_WRITE, {"sent": sent})).all()
            uow.publish(
                *(
                    BackendHealthChanged(
                        backend=row.slug,
                        paused=row.paused,
                        in_maintenance=row.in_maintenance,
                        missing=row.missing,
                    )
                    for row in rows
                    if row.changed
                )
            )
