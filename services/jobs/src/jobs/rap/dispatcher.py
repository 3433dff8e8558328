"""Sending requests to the controller: never twice, never lost (architecture §6.3, spec/jobs.md §2, §7.4)."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from clients.projects import ProjectsClient
from contracts.jobs import JobRequestRefused, JobRequestStatusChanged, JobRequestSubmitted
from contracts.statuses import RequestStatus
from kit import clock
from kit.errors import AppError
from kit.logging import get
from kit.loops import serve
from messaging.uow import UnitOfWork, Units
from sqlalchemy import text

from jobs.models import CREATING_FAILED, JobRequest, Submission
from jobs.rap.body import create_body
from jobs.rap.client import Answered, RapClient, RapError
from jobs.rap.sync import finish_facts

log = get()
_LEASE = 120  # seconds; longer than a create may take
_GRACE = timedelta(seconds=90)  # the controller may still be at work on a try that got no answer
_BACKOFF = (2, 5, 10, 30, 60, 120, 300)
_AUTH = frozenset({401, 403, 404, 405, 429})  # our set-up is wrong, or theirs: not the researcher's fault

_CLAIM = text("""
update submissions set attempts = attempts + 1, first_sent_at = coalesce(first_sent_at, now()),
  next_attempt_at = now() + make_interval(secs => :lease)
where job_request_id in (
  select job_request_id from submissions where state = 'waiting' and next_attempt_at <= now()
  order by next_attempt_at limit 8 for update skip locked)
returning job_request_id, attempts
""")


class Dispatcher:
    """`attempts` > 1 means that an earlier try may have had an effect, so no answer is final unconfirmed."""

    def __init__(
        self,
        units: Units,
        rap: RapClient,
        projects: ProjectsClient,
        deadline: timedelta,
        woken: asyncio.Event,
    ) -> None:
        self._units = units
        self._rap = rap
        self._projects = projects
        self._deadline = deadline
        self._woken = woken

    async def run(self) -> None:
        await serve(self.once, self._woken)

    async def once(self) -> int:
        """Send what is due; how many there were."""
        async with self._units() as uow:
            claimed = (await uow.session.execute(_CLAIM, {"lease": _LEASE})).all()
        await asyncio.gather(*(self._send(row.job_request_id, row.attempts) for row in claimed))
        return len(claimed)

    async def _send(self, request_id: int, attempts: int) -> None:
        try:
            body = await self._body(request_id)
        except AppError as exc:
            return await self._later(request_id, attempts, str(exc), sent=False)
        if body is None:
            return
        try:
            answer = await self._rap.create(body)
        except Answered as refusal:
            if refusal.status in _AUTH:
                return await self._later(request_id, attempts, str(refusal), sent=False)
            end = RequestStatus.FAILED, refusal.details or CREATING_FAILED, refusal.body
            await self._conclude(request_id, attempts, *end)
        except RapError as exc:
            await self._later(request_id, attempts, str(exc), sent=True)
        else:
            if answer["count"] > 0:
                return await self._accept(request_id, answer)
            end = RequestStatus.NOTHING_TO_DO, str(answer.get("details", "")), answer
            await self._conclude(request_id, attempts, *end)

    async def _body(self, request_id: int) -> dict[str, Any] | None:
        """What is sent: composed once, with the permissions of that moment, and kept for every later try.

        None when the request was withdrawn meanwhile.
        """
        async with self._units() as uow:
            submission = await uow.session.get_one(Submission, request_id)
            if submission.body is not None:
                return submission.body
            request = await uow.session.get_one(JobRequest, request_id)
            project_id = request.project_id
        scope = await self._projects.analysis_scope(project_id)
        async with self._units() as uow:
            body = await create_body(uow.session, request_id, scope)
            submission = await uow.session.get_one(Submission, request_id, with_for_update=True)
            if submission.state != "waiting":
                return None
            submission.body = submission.body or body
            return submission.body

    async def _conclude(
        self, request_id: int, attempts: int, status: RequestStatus, details: str, answer: dict[str, Any]
    ) -> None:
        """No jobs by this try, perhaps because of an earlier one: only an id that stays unknown is over."""
        if attempts > 1:
            async with self._units() as uow:
                request = await uow.session.get_one(JobRequest, request_id)
                submission = await uow.session.get_one(Submission, request_id)
                rap_id, unclear_at = request.rap_id, submission.unclear_at
            try:
                count = await self._rap.job_count(rap_id)
            except RapError as exc:
                return await self._later(request_id, attempts, str(exc), sent=False)
            if count:
                return await self._accept(request_id, {**answer, "count": count})
            if unclear_at is not None and clock.now() - unclear_at < _GRACE:
                return await self._later(request_id, attempts, f"to be confirmed: {details}", sent=False)
        await self._end(request_id, status, details, answer)

    async def _accept(self, request_id: int, answer: dict[str, Any]) -> None:
        async with self._units() as uow:
            request, submission = await _lock(uow, request_id)
            if submission.state != "waiting":
                return
            submission.state, submission.answer, submission.last_error = "accepted", answer, None
            if request.is_active and not request.total:
                request.status, request.status_message = RequestStatus.PENDING.value, None
            uow.publish(JobRequestSubmitted(**_of(request), count=answer["count"]))

    async def _end(
        self, request_id: int, status: RequestStatus, details: str, answer: dict[str, Any] | None
    ) -> None:
        """The controller made no jobs: the request is over."""
        async with self._units() as uow:
            request, submission = await _lock(uow, request_id)
            if submission.state != "waiting":
                return
            submission.state, submission.answer = "refused", answer
            request.status, request.status_message = status.value, details
            await uow.session.flush()
            refused = JobRequestRefused(**_of(request), status=status.value, reason=details)
            uow.publish(refused, *await finish_facts(uow, [request_id]))

    async def _later(self, request_id: int, attempts: int, error: str, *, sent: bool) -> None:
        """Try again with the same id; `sent` when this try may have had an effect. There is a deadline."""
        now: datetime = clock.now()
        async with self._units() as uow:
            request, submission = await _lock(uow, request_id)
            if submission.state != "waiting":
                return
            if sent:
                submission.unclear_at = now
            submission.last_error = error[:500]
            sent_at, rap_id = submission.first_sent_at or now, request.rap_id
            if now - sent_at <= self._deadline:
                pause = _BACKOFF[min(attempts, len(_BACKOFF)) - 1]
                submission.next_attempt_at = now + timedelta(seconds=pause)
                log.warning("submission is unclear", job_request=request_id, attempts=attempts, error=error)
                if request.status == RequestStatus.PENDING:
                    request.status = RequestStatus.UNKNOWN_ERROR_CREATING_JOBS.value
                uow.publish(JobRequestStatusChanged(**_of(request), status=request.status))
                return
        await self._give_up(request_id, rap_id)

    async def _give_up(self, request_id: int, rap_id: str) -> None:
        """The deadline has passed; jobs that one of the tries made after all still count."""
        try:
            count = await self._rap.job_count(rap_id)
        except RapError as exc:
            log.error("submission was given up unconfirmed", job_request=request_id, error=str(exc))
            count = 0
        if count:
            return await self._accept(request_id, {"count": count})
        await self._end(request_id, RequestStatus.FAILED, CREATING_FAILED, None)


async def _lock(uow: UnitOfWork, request_id: int) -> tuple[JobRequest, Submission]:
    request = await uow.session.get_one(JobRequest, request_id, with_for_update=True)
    return request, await uow.session.get_one(Submission, request_id, with_for_update=True)


def _of(request: JobRequest) -> dict[str, Any]:
    return {
        "job_request_id": request.id,
        "workspace": request.workspace,
        "project_id": request.project_id,
        "backend": request.backend,
        "created_by_id": request.created_by_id,
    }
