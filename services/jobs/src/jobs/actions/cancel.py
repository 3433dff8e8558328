"""Asking for jobs to stop (J38 to J41)."""

from datetime import datetime

from contracts.jobs import TOLD, JobRequestCancellationRequested
from kit.errors import Conflict
from kit.identity import Actor
from messaging.uow import UnitOfWork
from sqlalchemy import select

from jobs import policies, repository
from jobs.models import Cancellation, Job, JobRequest, Submission
from jobs.rap import settle


async def cancel_job_request(
    uow: UnitOfWork, actor: Actor, request_id: int, actions: set[str] | None, *, now: datetime
) -> list[str]:
    """The actions that are being cancelled; asking again changes nothing.

    Raises Conflict when nothing of what is named waits or runs.
    """
    request = await repository.lock_request(uow.session, request_id)
    policies.check_cancel(actor, request)
    if not request.is_active:
        raise Conflict("This job request has already finished.")
    assert actor.user_id is not None
    if not request.total and actions is not None and actions >= set(request.requested_actions):
        actions = None  # no jobs are known yet, so all that was asked for is the whole request
    if actions is None and not request.total and await _withdraw(uow, request, actor.user_id, now):
        return list(request.requested_actions)
    targets = await _targets(uow, request, actions)
    if not targets:
        raise Conflict("There is nothing left to cancel.")
    if not set(targets) <= await _asked(uow, request):
        whole = actions is None
        _ask_controller(uow, request, targets, whole=whole, user_id=actor.user_id, now=now)
    return targets


def _ask_controller(
    uow: UnitOfWork, request: JobRequest, targets: list[str], *, whole: bool, user_id: int, now: datetime
) -> None:
    """The worker does it; a cancellation of the `whole` request stops jobs that become known later, too."""
    request.cancel_requested_at, request.cancel_requested_by = now, user_id
    actions = None if whole else targets
    uow.session.add(Cancellation(job_request_id=request.id, requested_by=user_id, actions=actions))
    uow.publish(
        JobRequestCancellationRequested(**request.facts(), actions=targets[:TOLD], requested_by_id=user_id)
    )


async def _targets(uow: UnitOfWork, request: JobRequest, wanted: set[str] | None) -> list[str]:
    """Actions that still run or wait; before jobs are known, what was asked for."""
    if not request.total:
        known = set(request.requested_actions)
    else:
        query = select(Job.action).where(
            Job.job_request_id == request.id, Job.status.in_(("pending", "running"))
        )
        known = set(await uow.session.scalars(query))
    return sorted(known if wanted is None else known & wanted)


async def _asked(uow: UnitOfWork, request: JobRequest) -> set[str]:
    """What the controller was or is being asked to stop; all that is known when one is for everything."""
    query = select(Cancellation.actions).where(
        Cancellation.job_request_id == request.id, Cancellation.done_at.is_(None)
    )
    asked = set(request.cancelled_actions)
    for actions in await uow.session.scalars(query):
        asked |= set(actions) if actions is not None else set(await _targets(uow, request, None))
    return asked


async def _withdraw(uow: UnitOfWork, request: JobRequest, user_id: int, now: datetime) -> bool:
    """What the controller certainly does not have is over at once, without asking anybody."""
    query = select(Submission).where(Submission.job_request_id == request.id).with_for_update()
    submission = (await uow.session.scalars(query)).one()
    if submission.state != "waiting" or submission.unclear_at is not None:
        return False
    request.cancel_requested_at, request.cancel_requested_by = now, user_id
    await settle.withdraw(uow, request, submission)
    return True
