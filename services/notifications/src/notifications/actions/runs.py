"""A finished request is one mail to its author, with all its jobs (N8)."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from contracts.jobs import FinishedJob, JobRequestFinished
from contracts.statuses import RequestStatus, counted, display
from messaging.uow import UnitOfWork

from notifications.actions.record import mail, record


async def tell_of_finished(uow: UnitOfWork, events: Sequence[JobRequestFinished]) -> None:
    """Only those who asked; a request without jobs says why. Nothing to do is no news (N9, N10)."""
    told = [e for e in events if e.will_notify and e.status != RequestStatus.NOTHING_TO_DO]
    await record(uow, [_mail(event) for event in told])


def _mail(event: JobRequestFinished) -> dict[str, Any]:
    return mail(
        f"job_request:{event.job_request_id}:finished",
        event.created_by_id,
        "request_finished",
        subject(event),
        {
            "request_id": event.job_request_id,
            "workspace": event.workspace,
            "project_id": event.project_id,
            "backend": event.backend_name or event.backend,
            "status": display(event.status).word.lower(),
            "status_message": event.status_message,
            "counts": counts(event),
            "more": max(0, sum(event.counts.values()) - len(event.jobs)),
            "jobs": [_job(job) for job in msgspec.to_builtins(sorted(event.jobs, key=_place))],
        },
    )


def _state(job: FinishedJob) -> str:
    return display(job.status, job.status_code).state


def _place(job: FinishedJob) -> int:
    """What failed comes first; beside each other they keep the order of the request."""
    order = ("failed", "cancelled", "blocked")
    return order.index(state) if (state := _state(job)) in order else len(order)


def counts(event: JobRequestFinished) -> str:
    return counted(event.counts or Counter(map(_state, event.jobs)))


def _job(job: dict[str, Any]) -> dict[str, Any]:
    return {**job, "word": display(job["status"], job["status_code"]).word}


def subject(event: JobRequestFinished) -> str:
    """`succeeded: [os my-workspace] 4 actions`, otherwise what became of them."""
    total = sum(event.counts.values()) or len(event.jobs)
    if not total:
        what = (
            "stopped before it began" if event.status == RequestStatus.CANCELLED else "could not be started"
        )
    elif total == 1:
        what = event.jobs[0].action
    elif event.status == RequestStatus.SUCCEEDED:
        what = f"{total} actions"
    else:
        what = counts(event)
    return f"{event.status.replace('_', ' ')}: [os {event.workspace}] {what}"
