"""Why a job waits or failed, in a sentence, and what to do next (J49)."""

from collections.abc import Mapping
from datetime import datetime

from clients.jobs import Job, JobRequest

from gateway.web.format import Pill, between, duration

_WAITING = {
    "created": "It was accepted and has not been looked at yet.",
    "waiting_on_workers": "for a free place on the backend",
    "waiting_on_db_workers": "for a free place at the database",
    "paused": "The backend is paused; it will start once that is over.",
    "waiting_db_maintenance": "The database is in maintenance; it will start once that is over.",
    "waiting_on_reboot": "The server was restarted; it will start again by itself.",
    "waiting_on_new_task": "It will start again by itself.",
}
_FAILED = {
    "nonzero_exit": "The script stopped with an error. Its log is in Airlock: metadata/{action}.log.",
    "unmatched_patterns": "It did not write the files that project.yaml promises.",
    "internal_error": "The backend failed, not your code. Run it again; if it stays, tell support.",
    "job_error": "The backend failed, not your code. Run it again; if it stays, tell support.",
}


def reason(job: Job, request: JobRequest, pills: Mapping[str, Pill], now: datetime) -> str:
    if pills[job.action].state == "blocked":
        return _blocker(job, request, pills)
    if pills[job.action].state == "cancelled":
        return ""
    if job.status == "pending":
        if job.status_code == "waiting_on_dependencies":
            open_needs = _open_needs(job, request)
            return "for " + ", ".join(open_needs) if open_needs else "for what it needs"
        return _WAITING.get(job.status_code, job.status_message)
    if job.status == "running":
        usual = f", usually {duration(job.expected_seconds)}" if job.expected_seconds else ""
        return f"for {duration(between(job.started_at, now))}{usual}"
    if job.status == "failed":
        ours = _FAILED.get(job.status_code, "").format(action=job.action)
        return " ".join(part for part in (job.status_message.rstrip(".") + ".", ours) if part.strip("."))
    return job.status_message if job.status_message != "Completed successfully" else ""


_BECAME = {"failed": "failed", "cancelled": "was cancelled", "blocked": "was not run"}


def _blocker(job: Job, request: JobRequest, pills: Mapping[str, Pill]) -> str:
    """Which of its needs did not succeed, and what became of it."""
    needs = next((a.needs for a in request.pipeline if a.name == job.action), [])
    bad = [f"{n}, which {_BECAME[pills[n].state]}" for n in needs if n in pills and pills[n].state in _BECAME]
    return f"Needs {'; '.join(bad)}." if bad else "Something it needs did not succeed."


def _open_needs(job: Job, request: JobRequest) -> list[str]:
    open_jobs = {j.action for j in request.jobs if j.status in {"pending", "running"}}
    needs = next((a.needs for a in request.pipeline if a.name == job.action), [])
    return [need for need in needs if need in open_jobs]
