"""A job request: progress, graph, jobs in words, where the time went."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from clients.jobs import JobRequest
from contracts.statuses import ACTIVE
from contracts.troubles import sentence

from gateway.runs.joblist import Chosen, JobList, job_list
from gateway.runs.pipeline import Graph, graph_view
from gateway.web.format import Pill, When, between, duration, plural, status_pill, when
from gateway.web.runlines import BarPart, bar

_ORDER = ("succeeded", "running", "waiting", "failed", "blocked", "cancelled", "idle")


class Problem(msgspec.Struct, frozen=True):
    """In words, with what happens next; the detail is for staff."""

    title: str
    text: str
    detail: str


class RequestView(msgspec.Struct, frozen=True):
    id: int
    url: str
    pill: Pill
    title: str
    finished: str
    of: str
    elapsed: str
    expected: str
    likely: When | None
    queue: str
    bar: list[BarPart]
    legend: list[tuple[Pill, int]]
    graph: Graph | None
    jobs: JobList
    note: str
    problems: list[Problem]
    updated: When | None
    cancellable: int
    unfinished: int
    over: bool


def request_url(request: JobRequest) -> str:
    return f"/{request.workspace.project_slug}/{request.workspace.name}/{request.id}/"


def request_view(request: JobRequest, now: datetime, chosen: Chosen = Chosen()) -> RequestView:
    url = request_url(request)
    pills = job_pills(request)
    counts = Counter(pill.state for pill in pills.values())
    words = {pill.state: pill for pill in pills.values()}
    done = sum(counts[state] for state in ("failed", "blocked", "cancelled", "succeeded"))
    over = request.completed_at is not None or (not request.jobs and request.status not in ACTIVE)
    elapsed = between(request.created_at, request.completed_at or (None if over else now))
    expected = _expected(request)
    likely = request.created_at.timestamp() + expected if expected and not over else 0
    pill = overall_pill(request)
    return RequestView(
        id=request.id,
        url=url,
        pill=pill,
        title=_title(request, pill, counts),
        finished=str(done),
        of=plural(len(request.jobs), "job"),
        elapsed=duration(elapsed),
        expected=duration(expected),
        likely=when(datetime.fromtimestamp(likely, UTC), now) if likely > now.timestamp() else None,
        queue=_queue(request) if not over else "",
        bar=bar((state, counts[state]) for state in _ORDER if state != "idle"),
        legend=[(words[s], counts[s]) for s in _ORDER if counts[s]],
        graph=graph_view(request, url, pills, now),
        jobs=job_list(request, url, pills, now, over=over, chosen=chosen),
        note=_note(request),
        problems=_problems(request),
        updated=when(max((j.updated_at for j in request.jobs if j.updated_at), default=None), now),
        cancellable=counts["running"] + counts["waiting"],
        unfinished=counts["failed"] + counts["blocked"] + counts["cancelled"],
        over=over,
    )


def job_pills(request: JobRequest) -> dict[str, Pill]:
    cancelling = set(request.cancelling_actions)
    return {
        job.action: status_pill(job.status, job.status_code, cancelling=job.action in cancelling)
        for job in request.jobs
    }


def _title(request: JobRequest, pill: Pill, counts: Counter[str]) -> str:
    """For the tab: `4 of 12 running · Request 5`."""
    if counts["running"] and pill.word == "Running":
        return f"{counts['running']} of {len(request.jobs)} running · Request {request.id}"
    return f"{pill.word} · Request {request.id}"


def _problems(request: JobRequest) -> list[Problem]:
    found = []
    if request.submitting and (text := sentence(request.submit_trouble)):
        found.append(Problem("Not sent to the backend yet", text, request.submit_detail or ""))
    if request.unknown_since is not None and request.status in ACTIVE:
        text = "The controller of the backends says that it does not know this request."
        found.append(Problem("Not known to the backend", f"{text} If that stays so, it ends as failed.", ""))
    if (cancel := request.cancel) is not None and request.status in ACTIVE:
        title = "Not cancelled" if cancel.given_up else "Not cancelled yet"
        text = sentence("cancel_refused" if cancel.given_up else cancel.trouble) or ""
        found.append(Problem(title, text, cancel.detail or ""))
    return found


def overall_pill(request: JobRequest) -> Pill:
    if request.cancelling:
        return status_pill("cancelling")
    if request.submitting and request.status in {"pending", "unknown_error_creating_jobs"}:
        return status_pill("submitting")
    return status_pill(request.status)


def _expected(request: JobRequest) -> float | None:
    """The longest chain of usual times through the jobs; None when too little is known."""
    usual: dict[str, float] = {}
    for job in request.jobs:
        seconds = job.expected_seconds or between(job.started_at, job.completed_at)
        if seconds is None:
            return None
        usual[job.action] = max(0.0, float(seconds))
    needs = {a.name: a.needs for a in request.pipeline}
    longest: dict[str, float] = {}
    for action in request.pipeline:  # file order may put needs later: settle by repeated passes
        longest[action.name] = usual.get(action.name, 0.0)
    for _ in range(min(len(needs), 50)):
        changed = False
        for name, wanted in needs.items():
            best = max((longest.get(need, 0.0) for need in wanted), default=0.0) + usual.get(name, 0.0)
            if best > longest[name]:
                longest[name], changed = best, True
        if not changed:
            break
    return max(longest.values(), default=0.0) or None


def _queue(request: JobRequest) -> str:
    count = request.waiting_or_running_here
    return f"{plural(count, 'job')} waiting or running on {request.backend.name}" if count else ""


def _note(request: JobRequest) -> str:
    """Why a request ended without any jobs, or that news is late."""
    if request.status_message and not request.jobs:
        return request.status_message
    if request.missing_updates:
        return "Nothing was heard of these jobs for more than half an hour."
    return ""


def job_metrics(metrics: dict[str, object] | None) -> Sequence[tuple[str, str]]:
    """CPU and memory in words, where there are any."""
    if not metrics:
        return []
    shown = []
    for key, label, unit in (
        ("cpu_mean", "Mean CPU", "%"),
        ("cpu_peak", "Peak CPU", "%"),
        ("mem_mb_mean", "Mean memory", " MB"),
        ("mem_mb_peak", "Peak memory", " MB"),
    ):
        value = metrics.get(key)
        if isinstance(value, (int, float)):
            shown.append((label, f"{value:,.0f}{unit}"))
    return shown
