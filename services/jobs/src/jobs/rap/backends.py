"""What the controller says of its backends, each for itself (J43 to J47)."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from contracts.jobs import BackendHealthChanged
from kit.logging import get
from messaging.uow import UnitOfWork, Units
from sqlalchemy import text

from jobs.rap.client import RapClient, RapError, trouble_of
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
  raw, missing, checked_at, unmentioned_since)
select slug, last_seen, coalesce(paused, false), paused_since, coalesce(in_maintenance, false),
  maintenance_since, raw, missing, now(), null from sent
on conflict (slug) do update set last_seen_at = excluded.last_seen_at, paused = excluded.paused,
  paused_since = excluded.paused_since, in_maintenance = excluded.in_maintenance,
  maintenance_since = excluded.maintenance_since, raw = excluded.raw, missing = excluded.missing,
  checked_at = now(), unmentioned_since = null
returning b.slug, b.paused, b.in_maintenance, b.missing,
  (select (o.paused, o.in_maintenance, o.missing, o.unmentioned_since is not null)
     is distinct from (b.paused, b.in_maintenance, b.missing, false)
   from (select 1) one left join before o on o.slug = b.slug) as changed
""")


_UNMENTIONED = text("""
update backend_health set unmentioned_since = now()
where unmentioned_since is null and slug not in (
  select x.slug from jsonb_to_recordset(cast(:sent as jsonb)) as x(slug text))
returning slug, paused, in_maintenance, missing, true as changed
""")

_ANSWERED = text("""
with before as (select trouble from controller where id = 1), written as (
  insert into controller as c (id, answered_at) values (1, now())
  on conflict (id) do update set answered_at = now(), failing_since = null, trouble = null
)
select exists (select from before where trouble is not null)
""")

_FAILED = text("""
with before as (select trouble from controller where id = 1), written as (
  insert into controller as c (id, failing_since, trouble) values (1, now(), :trouble)
  on conflict (id) do update set failing_since = coalesce(c.failing_since, now()), trouble = :trouble
)
select not exists (select from before where trouble = :trouble)
""")

_ALL = text("select slug, paused, in_maintenance, missing, true as changed from backend_health order by slug")


class _Flag(msgspec.Struct):
    status: str
    since: datetime | None


class _BackendAnswer(msgspec.Struct):
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
            msgspec.convert(one, _BackendAnswer)
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
                await self.failed(trouble_of(exc))
            await asyncio.sleep(self._pause)

    async def failed(self, trouble: str) -> None:
        """From now on nothing is known of any backend."""
        async with self._units() as uow:
            if (await uow.session.execute(_FAILED, {"trouble": trouble})).scalar_one():
                self._tell(uow, (await uow.session.execute(_ALL)).all())

    async def once(self) -> None:
        """Raises RapError."""
        sent = msgspec.json.encode(readable(await self._rap.backend_status())).decode()
        async with self._units() as uow:
            await uow.session.execute(_LOCK)
            rows = [
                *(await uow.session.execute(_WRITE, {"sent": sent})).all(),
                *(await uow.session.execute(_UNMENTIONED, {"sent": sent})).all(),
            ]
            if (await uow.session.execute(_ANSWERED)).scalar_one():
                rows = list((await uow.session.execute(_ALL)).all())
            self._tell(uow, rows)

    def _tell(self, uow: UnitOfWork, rows: Sequence[sa.Row[Any]]) -> None:
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
