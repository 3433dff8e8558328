"""Sending wishes to stop jobs, when there are jobs to stop (spec/jobs.md §2.4, wire-observed §1 gotcha 4)."""

import asyncio
from datetime import timedelta

from contracts.jobs import JobRequestStatusChanged
from kit import clock
from kit.logging import get
from kit.loops import serve
from messaging.uow import Units
from sqlalchemy import text

from jobs.models import Cancellation, JobRequest
from jobs.rap.client import Answered, RapClient, RapError

log = get()
_GIVE_UP = timedelta(hours=24)

_CLAIM = text("""
update cancellations set attempts = attempts + 1, next_attempt_at = now() + interval '60 seconds'
where id in (select id from cancellations where done_at is null and next_attempt_at <= now()
  order by next_attempt_at limit 8 for update skip locked)
returning id
""")

_TARGETS = text("""
select r.rap_id, s.state, r.total, coalesce(array_agg(distinct j.action) filter (
    where j.status in ('pending', 'running') and (c.actions is null or j.action = any(c.actions))
  ), '{}') as actions
from cancellations c join job_requests r on r.id = c.job_request_id
join submissions s on s.job_request_id = r.id left join jobs j on j.job_request_id = r.id
where c.id = :id group by r.rap_id, s.state, r.total
""")


class Canceller:
    def __init__(self, units: Units, rap: RapClient, woken: asyncio.Event) -> None:
        self._units = units
        self._rap = rap
        self._woken = woken

    async def run(self) -> None:
        await serve(self.once, self._woken)

    async def once(self) -> int:
        async with self._units() as uow:
            claimed = list((await uow.session.execute(_CLAIM)).scalars())
        await asyncio.gather(*(self._send(cancellation_id) for cancellation_id in claimed))
        return len(claimed)

    async def _send(self, cancellation_id: int) -> None:
        async with self._units() as uow:
            target = (await uow.session.execute(_TARGETS, {"id": cancellation_id})).one()
        if target.state in {"refused", "withdrawn"} or (target.total and not target.actions):
            return await self._done(cancellation_id, [])
        if not target.total:
            return await self._later(cancellation_id, "its jobs are not known yet", pause=1)
        try:
            await self._rap.cancel(target.rap_id, target.actions)
        except Answered as refusal:
            await self._later(cancellation_id, refusal.details, pause=10)
        except RapError as exc:
            await self._later(cancellation_id, str(exc), pause=10)
        else:
            await self._done(cancellation_id, target.actions)

    async def _done(self, cancellation_id: int, actions: list[str]) -> None:
        async with self._units() as uow:
            wish = await uow.session.get_one(Cancellation, cancellation_id)
            request = await uow.session.get_one(JobRequest, wish.job_request_id, with_for_update=True)
            wish.done_at, wish.last_error = clock.now(), None
            request.cancelled_actions = sorted({*request.cancelled_actions, *actions})
            uow.publish(
                JobRequestStatusChanged(
                    job_request_id=request.id,
                    workspace=request.workspace,
                    project_id=request.project_id,
                    backend=request.backend,
                    created_by_id=request.created_by_id,
                    status=request.status,
                )
            )

    async def _later(self, cancellation_id: int, error: str, *, pause: int) -> None:
        async with self._units() as uow:
            wish = await uow.session.get_one(Cancellation, cancellation_id)
            wish.last_error = error[:500]
            wish.next_attempt_at = clock.now() + timedelta(seconds=pause)
            if clock.now() - wish.created_at > _GIVE_UP:
                wish.done_at = clock.now()
                log.error("cancellation was given up", job_request=wish.job_request_id, error=error)
