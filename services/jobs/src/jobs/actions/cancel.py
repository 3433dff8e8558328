"""Asking for jobs to stop (spec/jobs.md §2.4, §4.2)."""

from datetime import datetime

from contracts.jobs import JobRequestCancellationRequested
from contracts.statuses import RequestStatus
from kit.errors import Conflict
from kit.identity import Actor
from messaging.uow import UnitOfWork
from sqlalchemy import select

from jobs import policies, repository
from jobs.models import Cancellation, Job, JobRequest, Submission
from jobs.rap.sync import finish_facts


async def cancel_job_request(
    uow: UnitOfWork, actor: Actor, request_id: int, actions: set[str] | None, *, now: datetime
) -> list[str]:
    """The actions newly asked to stop. Raises Conflict when there is nothing (more) to cancel."""
    request = await repository.lock_request(uow.session, request_id)
    policies.check_cancel(actor, request)
    if not request.is_active:
        raise Conflict("This job request has already finished.")
    assert actor.user_id is not None
    everything = actions is None or actions >= set(request.requested_actions)
    if everything and request.total == 0 and await _withdraw(uow, request, actor.user_id, now):
        return list(request.requested_actions)
    targets = await _targets(uow, request, actions)
    if not targets:
        raise Conflict("There is nothing left to cancel.")
    request.cancel_requested_at, request.cancel_requested_by = now, actor.user_id
    wish = Cancellation(
        job_request_id=request.id, requested_by=actor.user_id, actions=sorted(actions) if actions else None
    )
    uow.session.add(wish)
    uow.publish(
        JobRequestCancellationRequested(
            job_request_id=request.id,
            workspace=request.workspace,
            project_id=request.project_id,
            backend=request.backend,
            created_by_id=request.created_by_id,
            actions=targets,
            requested_by_id=actor.user_id,
        )
    )
    return targets


async def _targets(uow: UnitOfWork, request: JobRequest, wanted: set[str] | None) -> list[str]:
    """Actions that still run or wait; before jobs are known, what was asked for."""
    if request.total == 0:
        known = set(request.requested_actions)
    else:
        query = select(Job.action).where(
            Job.job_request_id == request.id, Job.status.in_(("pending", "running"))
        )
        known = set(await uow.session.scalars(query))
    known -= set(request.cancelled_actions)
    return sorted(known if wanted is None else known & wanted)


async def _withdraw(uow: UnitOfWork, request: JobRequest, user_id: int, now: datetime) -> bool:
    """A request that was never sent is over at once, without asking anybody."""
    query = select(Submission).where(Submission.job_request_id == request.id).with_for_update()
    submission = (await uow.session.scalars(query)).one()
    if submission.state != "waiting" or submission.body is not None:
        return False
    submission.state = "withdrawn"
    request.status, request.status_message = RequestStatus.CANCELLED.value, "Cancelled before it was sent"
    request.cancel_requested_at, request.cancel_requested_by = now, user_id
    request.cancelled_actions = sorted(request.requested_actions)
    await uow.session.flush()
    uow.publish(*await finish_facts(uow, [request.id]))
    return True
