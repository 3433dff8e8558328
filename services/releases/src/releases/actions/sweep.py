"""Bytes of withdrawn files go when their grace has ended; the rows stay as a record (F27)."""

from datetime import datetime, timedelta

from kit.logging import get
from messaging.uow import Units
from sqlalchemy import text

from releases.storage import Storage

log = get()
GRACE = timedelta(days=30)
_BATCH = 500
_DUE = text("""
select distinct f.sha256 from release_files f where f.withdrawn_at < :before and f.swept_at is null
  and not exists (select from release_files o where o.sha256 = f.sha256
    and (o.withdrawn_at is null or o.withdrawn_at >= :before))
order by f.sha256 limit :most
""")
_SWEPT = text("update release_files set swept_at = :now where sha256 = :sha256 and withdrawn_at < :before")


async def sweep_withdrawn(units: Units, storage: Storage, now: datetime) -> int:
    """How many objects were removed; bytes that any list still names are left alone."""
    before, count = now - GRACE, 0
    async with units() as uow:
        due = list(await uow.session.scalars(_DUE, {"before": before, "most": _BATCH}))
    for sha256 in due:
        if await storage.remove(sha256, before):
            count += 1
            async with units() as uow:
                await uow.session.execute(_SWEPT, {"now": now, "sha256": sha256, "before": before})
            log.info("bytes of a withdrawn file removed", sha256=sha256)
    return count
