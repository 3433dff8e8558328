"""Statuses of jobs and job requests, and the words people see for them (J24, J29)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class RequestStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    FAILED = "failed"
    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"
    NOTHING_TO_DO = "nothing_to_do"
    UNKNOWN = "unknown"
    UNKNOWN_ERROR_CREATING_JOBS = "unknown_error_creating_jobs"


ACTIVE = frozenset(
    {
        RequestStatus.PENDING,
        RequestStatus.RUNNING,
        RequestStatus.UNKNOWN,
        RequestStatus.UNKNOWN_ERROR_CREATING_JOBS,
    }
)


class Display(NamedTuple):
    """`state` names the colour (data-state) and icon, `word` is what is read."""

    state: str
    word: str


_WORDS = {
    "submitting": Display("waiting", "Submitting"),
    "cancelling": Display("waiting", "Cancelling"),
    "pending": Display("waiting", "Waiting"),
    "running": Display("running", "Running"),
    "succeeded": Display("succeeded", "Succeeded"),
    "failed": Display("failed", "Failed"),
    "cancelled": Display("cancelled", "Cancelled"),
    "nothing_to_do": Display("idle", "Nothing to do"),
    "unknown": Display("idle", "Not known"),
    "unknown_error_creating_jobs": Display("idle", "Not known"),
}


# What became of jobs, what matters most first.
_BECAME = {
    "failed": ("failed", "failed"),
    "cancelled": ("cancelled", "cancelled"),
    "blocked": ("was not run", "were not run"),
    "running": ("running", "running"),
    "waiting": ("waiting", "waiting"),
    "succeeded": ("succeeded", "succeeded"),
}


def counted(counts: Mapping[str, int]) -> str:
    """`2 failed, 3 were not run, 5 succeeded`: how many jobs are in each of the states of `display`."""
    return ", ".join(f"{n} {words[n > 1]}" for state, words in _BECAME.items() if (n := counts.get(state)))


def display(status: str | None, status_code: str = "", *, cancelling: bool = False) -> Display:
    """One word, one colour for a job or request; `status` None means it never ran."""
    if not status:
        return Display("idle", "Never run") if status is None else _WORDS["pending"]
    status = status.lower()
    if status == "failed" and status_code == "dependency_failed":
        return Display("blocked", "Blocked")
    if status == "failed" and status_code == "cancelled_by_user":
        return Display("cancelled", "Cancelled")
    if cancelling and status in {"pending", "running"}:
        return Display("waiting", "Cancelling")
    return _WORDS.get(status, Display("idle", status.replace("_", " ").capitalize()))
