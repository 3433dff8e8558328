"""Requests that the controller accepted and no longer knows: unknown for a while, then failed."""

from collections.abc import Sequence

from contracts.jobs import JobsStaffNotice
from contracts.statuses import ACTIVE
from contracts.troubles import TROUBLES
from kit.logging import get
from messaging.uow import Units
from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, TEXT

from jobs.rap import sql
from jobs.rap.sync import finish_facts

log = get()
FORGOTTEN = TROUBLES["forgotten"].text


def _of(statement: str) -> TextClause:
    return text(statement).bindparams(bindparam("rap_ids", type_=ARRAY(TEXT)))


_MARK_UNKNOWN = _of("""
update submissions s set unknown_since = now() from job_requests r
where r.id = s.job_request_id and r.rap_id = any(:rap_ids) and s.state = 'accepted' and unknown_since is null
""")
_MARK_KNOWN = _of("""
update submissions s set unknown_since = null from job_requests r
where r.id = s.job_request_id and r.rap_id = any(:rap_ids)
""")
_LOCK = _of("select id, rap_id, status from job_requests where rap_id = any(:rap_ids) order by id for update")
_JOBS = text("""
update jobs set status = 'failed', status_code = 'forgotten', status_message = :message,
  completed_at = coalesce(completed_at, now())
where job_request_id = any(:ids) and lower(status) not in ('failed', 'succeeded')
""").bindparams(bindparam("ids", type_=ARRAY(BIGINT)))
_REQUESTS = text("""
update job_requests set status = 'failed', status_message = :message where id = any(:ids)
""").bindparams(bindparam("ids", type_=ARRAY(BIGINT)))


async def mark_unknown(units: Units, rap_ids: Sequence[str]) -> None:
    async with units() as uow:
        await uow.session.execute(_MARK_UNKNOWN, {"rap_ids": list(rap_ids)})


async def mark_known(units: Units, rap_ids: Sequence[str]) -> None:
    async with units() as uow:
        await uow.session.execute(_MARK_KNOWN, {"rap_ids": list(rap_ids)})


async def fail(units: Units, rap_ids: Sequence[str]) -> None:
    """They have failed, with a sentence; what still waited or ran of them counts in no queue any more."""
    async with units() as uow:
        rows = (await uow.session.execute(_LOCK, {"rap_ids": list(rap_ids)})).all()
        ids, open_ids = [row.id for row in rows], [row.id for row in rows if row.status in ACTIVE]
        await uow.session.execute(_JOBS, {"ids": ids, "message": FORGOTTEN})
        await uow.session.execute(_REQUESTS, {"ids": open_ids, "message": FORGOTTEN})
        await uow.session.execute(sql.RECOMPUTE, {"ids": ids})
        await uow.session.execute(sql.ACTIONS, {"ids": ids})
        uow.publish(
            *await finish_facts(uow, open_ids), *(_staff_notice(request_id) for request_id in open_ids)
        )
    log.error("the controller has forgotten requests", job_requests=ids[:10], count=len(ids))


def _staff_notice(request_id: int) -> JobsStaffNotice:
    return JobsStaffNotice(
        told=f"forgotten:{request_id}",
        title=f"The controller no longer knows request {request_id}",
        text="It had accepted it. The request has ended as failed; its author is told.",
        path=f"/job-requests/{request_id}/",
    )
