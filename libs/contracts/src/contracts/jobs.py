"""What the jobs service tells the others."""

from typing import ClassVar

import msgspec

from contracts.base import Event, StaffNotice, State


class _OfRequest(Event, frozen=True, kw_only=True):
    job_request_id: int
    workspace: str
    project_id: int
    backend: str
    created_by_id: int


TOLD = 200  # of the parts of a thing, at most, in an announcement


class JobRequestCreated(_OfRequest, frozen=True, kw_only=True):
    subject: ClassVar[str] = "jobs.job_request.created.v1"

    actions: list[str]  # at most 200 of them


class JobRequestSubmitted(_OfRequest, frozen=True, kw_only=True):
    """The controller has it; `count` jobs were made."""

    subject: ClassVar[str] = "jobs.job_request.submitted.v1"

    count: int


class JobRequestRefused(_OfRequest, frozen=True, kw_only=True):
    """The controller made no jobs and says why; the request is over."""

    subject: ClassVar[str] = "jobs.job_request.refused.v1"

    status: str
    reason: str


class JobRequestStatusChanged(_OfRequest, frozen=True, kw_only=True):
    """Something visible of the request or of its jobs changed, but it is not over; a sync says so once."""

    subject: ClassVar[str] = "jobs.job_request.status_changed.v1"

    status: str
    changed_jobs: int = 0


class FinishedJob(msgspec.Struct, frozen=True, kw_only=True):
    """Its message is cut to 500 characters."""

    identifier: str
    action: str
    status: str
    status_code: str = ""
    status_message: str = ""
    seconds: int | None = None


class JobRequestFinished(_OfRequest, frozen=True, kw_only=True):
    """Said once in the life of a request, also when it ends without jobs.

    `jobs` are at most 200 of them, those that did not succeed first; `counts` are of all, by display state.
    """

    subject: ClassVar[str] = "jobs.job_request.finished.v1"

    status: str
    status_message: str | None = None
    backend_name: str = ""
    will_notify: bool = False
    jobs: list[FinishedJob] = []
    counts: dict[str, int] = {}


class JobRequestCancellationRequested(_OfRequest, frozen=True, kw_only=True):
    subject: ClassVar[str] = "jobs.job_request.cancellation_requested.v1"

    actions: list[str]  # at most 200 of them
    requested_by_id: int


class BackendHealthChanged(Event, frozen=True, kw_only=True):
    """Paused, maintenance or missing changed; never said for `last_seen` alone."""

    subject: ClassVar[str] = "jobs.backend.health_changed.v1"

    backend: str
    paused: bool
    in_maintenance: bool
    missing: bool


class JobsStaffNotice(StaffNotice, frozen=True, kw_only=True):
    subject: ClassVar[str] = "jobs.staff.told.v1"


FACTS: tuple[type[Event], ...] = (
    JobRequestCreated,
    JobRequestSubmitted,
    JobRequestRefused,
    JobRequestStatusChanged,
    JobRequestFinished,
    JobRequestCancellationRequested,
    BackendHealthChanged,
    JobsStaffNotice,
)
STATES: tuple[type[State], ...] = ()
