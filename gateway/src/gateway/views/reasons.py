"""Why a job waits or failed, in a sentence, and what to do next (rulings 1.5.1a)."""

from datetime import datetime

from clients.jobs import Job, JobRequest

from gateway.views.format import Pill, between, duration

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
    "cancelled_by_user": "It was cancelled.",
}


def reason(job: Job, request: JobRequest, now: datetime) -> str:
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


def blocker(job: Job, request: JobRequest, pills: dict[str, Pill]) -> str:
    """Which of its needs did not succeed."""
    needs = next((a.needs for a in request.pipeline if a.name == job.action), [])
    bad = [n for n in needs if n in pills and pills[n].state in {"failed", "blocked", "cancelled"}]
    return f"Needs {', '.join(bad)}" if bad else "Something it needs did not succeed."


def _open_needs(job: Job, request: JobRequest) -> list[str]:
    open_jobs = {j.action for j in request.jobs if j.status in {"pending", "running"}}
    needs = next((a.needs for a in request.pipeline if a.name == job.action), [])
    return [need for need in needs if need in open_jobs]
