"""What may be asked of jobs, and the shapes of its answers."""

from clients.jobs.client import JobsClient
from clients.jobs.requests import (
    ActionResult,
    Choice,
    Choices,
    Home,
    Job,
    JobRef,
    JobRequest,
    PipelineAction,
    RequestFilter,
    RequestList,
    RequestRef,
    RequestRow,
    WorkspaceJobs,
)
from clients.jobs.running import ActionOption, BackendRef, BackendStatus, Person, RunForm, WorkspaceRef

__all__ = [
    "ActionOption",
    "ActionResult",
    "BackendRef",
    "BackendStatus",
    "Choice",
    "Choices",
    "Home",
    "Job",
    "JobRef",
    "JobRequest",
    "JobsClient",
    "Person",
    "PipelineAction",
    "RequestFilter",
    "RequestList",
    "RequestRef",
    "RequestRow",
    "RunForm",
    "WorkspaceJobs",
    "WorkspaceRef",
]
