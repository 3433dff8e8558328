"""Sending cancellations of jobs: asked before, asked after (J41)."""

import asyncio
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from contracts.jobs import JobRequestStatusChanged, JobsStaffNotice
from contracts.troubles import TROUBLES
from kit import clock
from kit.logging import get
from kit.words import DETAIL, cut
from messaging.queue import Queue
from messaging.uow import UnitOfWork, Units

from jobs.models import Cancellation, JobRequest, Submission
from jobs.rap.claims import claim
from jobs.rap.client import Answered, NotSent, RapClient, RapError

log = get()
_SLOTS = 64
_BACKOFF = (2, 5, 10, 30, 60)
_CLAIM = claim("cancellations", key="id", open_when="done_at is null")


class Canceller:
    """Asking at once afterwards is the poller's business: it sees what was cancelled and still lives."""

    def __init__(
        self,
        units: Units,
        rap: RapClient,
        wakeup: asyncio.Event,
        *,
        deadline: timedelta = timedelta(minutes=30),
        slots: int = 4,
    ) -> None:
        self._units = units
        self._rap = rap
        self._deadline = deadline
        values = {"slots": slots}
        self._queue = Queue(
            units, "cancellations", _CLAIM, self._send, slots=_SLOTS, wakeup=wakeup, values=values
        )
        self.run = self._queue.run
        self.once = self._queue.once

    async def _send(self, row: sa.Row[Any]) -> None:
        async with self._units() as uow:
            cancellation = await uow.session.get_one(Cancellation, row.key)
            request = await uow.session.get_one(JobRequest, cancellation.job_request_id)
            submission = await uow.session.get_one(Submission, cancellation.job_request_id)
            rap_id, wanted, open_still = request.rap_id, cancellation.actions, request.is_active
            state = submission.state
        if not open_still or state in {"refused", "withdrawn"}:
            return await self._done(row, [])
        if state == "waiting":
            return await self._wait(row)
        try:
            live = await self._rap.live_actions(rap_id)
            if live is None:  # it says that it does not know its own: perhaps it does again, soon
                return await self._later(row, "controller_unclear", "the controller does not know it")
            targets = sorted(live if wanted is None else live & set(wanted))
            if targets:
                await self._rap.cancel(rap_id, targets)
        except NotSent as exc:
            await self._later(row, "controller_away", str(exc))
        except Answered as refusal:
            await self._later(row, "controller_refuses", str(refusal))
        except RapError as exc:
            await self._later(row, "controller_unclear", str(exc))
        else:
            await self._done(row, targets)

    async def _lock(self, uow: UnitOfWork, row: sa.Row[Any]) -> tuple[Cancellation, JobRequest] | None:
        cancellation = await uow.session.get_one(Cancellation, row.key)
        request = await uow.session.get_one(JobRequest, cancellation.job_request_id, with_for_update=True)
        await uow.session.refresh(cancellation, with_for_update=True)
        if cancellation.done_at is not None or cancellation.lease != row.lease:
            return None
        cancellation.lease = cancellation.leased_until = None
        return cancellation, request

    async def _done(self, row: sa.Row[Any], actions: list[str]) -> None:
        async with self._units() as uow:
            if (found := await self._lock(uow, row)) is None:
                return
            cancellation, request = found
            cancellation.done_at, cancellation.trouble, cancellation.last_error = clock.now(), None, None
            request.cancelled_actions = sorted({*request.cancelled_actions, *actions})
            uow.publish(JobRequestStatusChanged(**request.facts(), status=request.status))

    async def _wait(self, row: sa.Row[Any]) -> None:
        """Whether the controller has the request at all is being found out; no try of ours failed."""
        async with self._units() as uow:
            if found := await self._lock(uow, row):
                found[0].attempts = 0
                found[0].next_attempt_at = clock.now() + timedelta(seconds=1)

    async def _later(self, row: sa.Row[Any], trouble: str, error: str) -> None:
        """Backs off; after the deadline it ends visibly, and staff are told."""
        async with self._units() as uow:
            if (found := await self._lock(uow, row)) is None:
                return
            cancellation, request = found
            cancellation.trouble, cancellation.last_error = trouble, cut(error, DETAIL)
            log.warning("cancel failed", job_request=request.id, trouble=trouble, error=error[:500])
            pause = _BACKOFF[min(max(cancellation.attempts, 1), len(_BACKOFF)) - 1]
            cancellation.next_attempt_at = clock.now() + timedelta(seconds=pause)
            if clock.now() - cancellation.created_at > self._deadline:
                cancellation.done_at, cancellation.given_up = clock.now(), True
                uow.publish(_staff_notice(request, cancellation))
            uow.publish(JobRequestStatusChanged(**request.facts(), status=request.status))


def _staff_notice(request: JobRequest, cancellation: Cancellation) -> JobsStaffNotice:
    reason = TROUBLES[cancellation.trouble or "controller_unclear"].sentence
    return JobsStaffNotice(
        told=f"cancellation:{cancellation.id}",
        title=f"Request {request.id} could not be cancelled",
        text=f"{reason} The last try said: {cut(cancellation.last_error or '', 300)}",
        path=f"/job-requests/{request.id}/",
    )
