"""A finished request is one mail to its author, with all its jobs (spec/notifications.md §3 item 1)."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from contracts.jobs import JobRequestFinished
from contracts.statuses import display
from messaging.uow import UnitOfWork

from notifications.actions.record import mail, record


async def tell_of_finished(uow: UnitOfWork, events: Sequence[JobRequestFinished]) -> None:
    """Only those who asked; a request without jobs says why."""
    await record(uow, [_mail(event) for event in events if event.will_notify])


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
            "backend": event.backend,
            "status": display(event.status).word.lower(),
            "status_message": event.status_message,
            "jobs": [_job(job) for job in msgspec.to_builtins(event.jobs)],
        },
    )


def _job(job: dict[str, Any]) -> dict[str, Any]:
    return {**job, "word": display(job["status"], job["status_code"]).word}


def subject(event: JobRequestFinished) -> str:
    """`succeeded: [os my-workspace] 4 actions`, or what became of them."""
    counts = Counter(job.status for job in event.jobs)
    total = len(event.jobs)
    if total == 1:
        what = event.jobs[0].action
    elif counts.get("failed"):
        what = f"{counts['failed']} of {total} actions failed"
    else:
        what = f"{total} actions"
    return f"{event.status.replace('_', ' ')}: [os {event.workspace}] {what}"
