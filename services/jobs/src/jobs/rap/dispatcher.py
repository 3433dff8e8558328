"""Sending requests to the controller: never twice, never lost (J18 to J22)."""

import asyncio
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from clients.projects import ProjectsClient
from contracts.statuses import RequestStatus
from contracts.troubles import TROUBLES, of_refusal
from kit import clock
from kit.errors import AppError
from kit.logging import get
from messaging.owners import MissingReplica, Owners
from messaging.queue import Queue
from messaging.uow import Units

from jobs.models import JobRequest, Submission
from jobs.rap import settle
from jobs.rap.body import create_body
from jobs.rap.claims import claim
from jobs.rap.client import Answered, NotSent, RapClient, RapError
from jobs.rap.nothing import nothing_to_do

log = get()
_SLOTS = 64  # in one process, for all backends together
_GRACE = timedelta(seconds=90)  # the controller may still be at work on a try that got no answer
_AUTH = frozenset({401, 403, 404, 405, 429})  # our set-up is wrong, or theirs: not the researcher's fault

_CLAIM = claim(
    "submissions",
    key="job_request_id",
    open_when="state = 'waiting'",
    also="first_sent_at = coalesce(first_sent_at, now()),",
)


class _Attempt(NamedTuple):
    """`earlier`: when a try before this one may have reached the controller, so no answer is final alone."""

    request_id: int
    lease: str
    earlier: datetime | None = None
    body: dict[str, Any] | None = None  # None: it is unwanted by now, and only asked about


class Dispatcher:
    def __init__(
        self,
        units: Units,
        rap: RapClient,
        projects: ProjectsClient,
        owners: Owners,
        deadline: timedelta,
        wakeup: asyncio.Event,
        slots: int = 4,
    ) -> None:
        self._units = units
        self._rap = rap
        self._projects = projects
        self._owners = owners
        self._deadline = deadline
        values = {"slots": slots}
        self._queue = Queue(
            units, "submissions", _CLAIM, self._send, slots=_SLOTS, wakeup=wakeup, values=values
        )
        self.run = self._queue.run
        self.once = self._queue.once

    async def _send(self, row: sa.Row[Any]) -> None:
        this = _Attempt(row.key, row.lease)
        try:
            scope = await self._scope(this.request_id)
            attempt = await self._prepare(this, scope)
        except MissingReplica as exc:
            await self._owners.fetch_missing(exc.wanted)
            return await self._later(this, "part_away", str(exc), unclear_at=row.unclear_at)
        except AppError as exc:
            return await self._later(this, "part_away", str(exc), unclear_at=row.unclear_at)
        if attempt is None:
            return
        if attempt.body is None:
            return await self._confirm_unwanted(attempt)
        try:
            answer = await self._rap.create(attempt.body)
        except NotSent as exc:
            await self._later(attempt, "controller_away", str(exc), unclear_at=attempt.earlier)
        except Answered as refusal:
            if refusal.status in _AUTH:
                return await self._later(
                    attempt, "controller_refuses", str(refusal), unclear_at=attempt.earlier
                )
            message = of_refusal(refusal.details).text
            await self._conclude(attempt, RequestStatus.FAILED, message, refusal.body)
        except RapError as exc:
            await self._later(attempt, "controller_unclear", str(exc), unclear_at=clock.now())
        else:
            if answer["count"] > 0:
                return await settle.accept(self._units, attempt.request_id, attempt.lease, answer)
            async with self._units() as uow:
                message = await nothing_to_do(uow.session, attempt.request_id, str(answer.get("details", "")))
            await self._conclude(attempt, RequestStatus.NOTHING_TO_DO, message, answer)

    async def _scope(self, request_id: int) -> dict[str, Any] | None:
        """The project's permissions; None when the body was composed before."""
        async with self._units() as uow:
            submission = await uow.session.get_one(Submission, request_id)
            if submission.body is not None:
                return None
            project_id = (await uow.session.get_one(JobRequest, request_id)).project_id
        return await self._projects.analysis_scope(project_id)

    async def _prepare(self, this: _Attempt, scope: dict[str, Any] | None) -> _Attempt | None:
        """What is sent: composed once, with the permissions of that moment, and kept for every later try.

        From here on the controller may have it, whatever becomes of us. None: nothing is left to do.
        """
        async with self._units() as uow:
            if (found := await settle.lock(uow, this.request_id, this.lease)) is None:
                return None
            request, submission = found
            earlier = submission.unclear_at
            unwanted = await settle.is_unwanted(uow, this.request_id)
            if unwanted and earlier is None:
                await settle.withdraw(uow, request, submission)
                return None
            if unwanted:
                return this._replace(earlier=earlier)
            if submission.body is None:
                submission.body = await create_body(uow.session, this.request_id, scope or {})
            submission.unclear_at = clock.now()
            return this._replace(earlier=earlier, body=submission.body)

    async def _conclude(
        self, this: _Attempt, status: RequestStatus, message: str, answer: dict[str, Any]
    ) -> None:
        """No jobs by this try, perhaps because of an earlier one: only an id that stays unknown is over."""
        if this.earlier is not None:
            try:
                count = await self._rap.job_count(await self._rap_id(this))
            except RapError as exc:
                return await self._later(this, "controller_unclear", str(exc), unclear_at=this.earlier)
            if count:
                answer = {**answer, "count": count}
                return await settle.accept(self._units, this.request_id, this.lease, answer)
            if clock.now() - this.earlier < _GRACE:
                error = f"to be confirmed: {message}"
                return await self._later(this, "controller_unclear", error, unclear_at=this.earlier)
        await settle.refuse(self._units, this.request_id, this.lease, status, message, answer)

    async def _confirm_unwanted(self, this: _Attempt) -> None:
        """Cancelled while an answer was missing: jobs that were made are cancelled there."""
        assert this.earlier is not None
        try:
            count = await self._rap.job_count(await self._rap_id(this))
        except RapError as exc:
            return await self._later(this, "controller_unclear", str(exc), unclear_at=this.earlier)
        if count:
            return await settle.accept(self._units, this.request_id, this.lease, {"count": count})
        late = clock.now() - this.earlier >= _GRACE
        error = "cancelled; whether the controller has it is not certain yet"
        await self._later(this, "controller_unclear", error, unclear_at=None if late else this.earlier)

    async def _later(self, this: _Attempt, trouble: str, error: str, *, unclear_at: datetime | None) -> None:
        """Tried again, until the deadline; jobs that one of the tries made after all still count."""
        if await settle.retry(
            self._units,
            this.request_id,
            this.lease,
            trouble,
            error,
            unclear_at=unclear_at,
            deadline=self._deadline,
        ):
            return
        try:
            count = await self._rap.job_count(await self._rap_id(this))
        except RapError as exc:
            log.error("submission was given up unconfirmed", job_request=this.request_id, error=str(exc))
            count = 0
        if count:
            return await settle.accept(self._units, this.request_id, this.lease, {"count": count})
        message = TROUBLES["controller_silent"].text
        await settle.refuse(self._units, this.request_id, this.lease, RequestStatus.FAILED, message, None)

    async def _rap_id(self, this: _Attempt) -> str:
        async with self._units() as uow:
            return (await uow.session.get_one(JobRequest, this.request_id)).rap_id
