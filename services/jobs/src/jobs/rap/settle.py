"""What became of sending a request, each a transaction of its own; whoever lost the lease changes nothing."""

from datetime import datetime, timedelta
from typing import Any

from contracts.jobs import JobRequestRefused, JobRequestStatusChanged, JobRequestSubmitted
from contracts.statuses import RequestStatus
from kit import clock
from kit.logging import get
from kit.words import DETAIL, STATUS_MESSAGE, cut
from messaging.uow import UnitOfWork, Units
from sqlalchemy import exists, select, update

from jobs.models import Cancellation, JobRequest, Submission
from jobs.rap.sync import finish_facts

log = get()
_BACKOFF = (2, 5, 10, 30, 60, 120, 300)


async def lock(uow: UnitOfWork, request_id: int, lease: str) -> tuple[JobRequest, Submission] | None:
    """None when the submission is settled, or another's by now."""
    request = await uow.session.get_one(JobRequest, request_id, with_for_update=True)
    submission = await uow.session.get_one(Submission, request_id, with_for_update=True)
    if submission.state != "waiting" or submission.lease != lease:
        return None
    return request, submission


def _release_lease(submission: Submission) -> None:
    submission.lease = submission.leased_until = None


async def is_unwanted(uow: UnitOfWork, request_id: int) -> bool:
    """Whether somebody asked for the whole request to be cancelled."""
    cancellation = exists().where(
        Cancellation.job_request_id == request_id,
        Cancellation.actions.is_(None),
        Cancellation.done_at.is_(None),
    )
    return bool(await uow.session.scalar(select(cancellation)))


async def withdraw(uow: UnitOfWork, request: JobRequest, submission: Submission) -> None:
    """The controller certainly does not have it: it is over, and is never sent."""
    _release_lease(submission)
    submission.state, submission.trouble = "withdrawn", None
    request.status, request.status_message = RequestStatus.CANCELLED.value, "Cancelled before it was sent."
    request.cancelled_actions = sorted(request.requested_actions)
    await uow.session.execute(
        update(Cancellation)
        .where(Cancellation.job_request_id == request.id, Cancellation.done_at.is_(None))
        .values(done_at=clock.now())
    )
    await uow.session.flush()
    uow.publish(*await finish_facts(uow, [request.id]))


def _stored_answer(answer: dict[str, Any] | None) -> dict[str, Any] | None:
    """Of an answer what is known to be in one (RAP13, RAP17)."""
    if answer is None:
        return None
    known = {name: answer[name] for name in ("result", "error", "details", "count") if name in answer}
    return {name: cut(v, STATUS_MESSAGE) if isinstance(v, str) else v for name, v in known.items()}


async def accept(units: Units, request_id: int, lease: str, answer: dict[str, Any]) -> None:
    async with units() as uow:
        if (found := await lock(uow, request_id, lease)) is None:
            return
        request, submission = found
        _release_lease(submission)
        submission.state, submission.answer = "accepted", _stored_answer(answer)
        submission.trouble = submission.last_error = None
        if request.is_active and not request.total:
            request.status, request.status_message = RequestStatus.PENDING.value, None
        uow.publish(JobRequestSubmitted(**request.facts(), count=answer["count"]))


async def refuse(
    units: Units,
    request_id: int,
    lease: str,
    status: RequestStatus,
    message: str,
    answer: dict[str, Any] | None,
) -> None:
    """The controller made no jobs, and here is why: the request is over."""
    async with units() as uow:
        if (found := await lock(uow, request_id, lease)) is None:
            return
        request, submission = found
        if await is_unwanted(uow, request_id):
            return await withdraw(uow, request, submission)
        _release_lease(submission)
        submission.state, submission.answer, submission.trouble = "refused", _stored_answer(answer), None
        request.status, request.status_message = status.value, message
        await uow.session.flush()
        refused = JobRequestRefused(**request.facts(), status=status.value, reason=message)
        uow.publish(refused, *await finish_facts(uow, [request_id]))


async def retry(
    units: Units,
    request_id: int,
    lease: str,
    trouble: str,
    error: str,
    *,
    unclear_at: datetime | None,
    deadline: timedelta,
) -> bool:
    """Try again later with the same id; False when the deadline has passed, which settles nothing yet.

    `unclear_at`: when a try last may have reached the controller; None when certainly none did.
    """
    now = clock.now()
    async with units() as uow:
        if (found := await lock(uow, request_id, lease)) is None:
            return True
        request, submission = found
        submission.unclear_at, submission.trouble = unclear_at, trouble
        submission.last_error = cut(error, DETAIL)
        if unclear_at is None and await is_unwanted(uow, request_id):
            await withdraw(uow, request, submission)
            return True
        if now - (submission.first_sent_at or now) > deadline:
            return False  # still ours, to be confirmed and settled now
        _release_lease(submission)
        pause = _BACKOFF[min(submission.attempts, len(_BACKOFF)) - 1]
        submission.next_attempt_at = now + timedelta(seconds=pause)
        log.warning(
            "submission is tried again later", job_request=request_id, trouble=trouble, error=error[:500]
        )
        if request.status == RequestStatus.PENDING:
            request.status = RequestStatus.UNKNOWN_ERROR_CREATING_JOBS.value
        uow.publish(JobRequestStatusChanged(**request.facts(), status=request.status))
        return True
