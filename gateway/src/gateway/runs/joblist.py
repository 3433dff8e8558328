"""A request's jobs as one list: state, name, reason, and when they waited and ran on a common axis."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from textwrap import shorten

import msgspec
from clients.jobs import Job, JobRequest

from gateway.runs.reasons import reason
from gateway.web.format import Pill, between, duration, time_of_day
from gateway.web.page import query_string

PART = 100  # rows at once of a request that is shown in parts
WHOLE = 200  # jobs of a request that is shown at once
_STEPS = (5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 604800)  # seconds between marks
_MARKS = 5
_WHY = 240  # characters of a reason in the list; the page of the job has it whole
_URGENT = ("failed", "cancelled", "running", "waiting", "idle", "blocked", "succeeded")


class JobRow(msgspec.Struct, frozen=True):
    action: str
    identifier: str
    url: str
    pill: Pill
    why: str
    bars: list[tuple[str, str, str]]  # (class, x %, width %)
    waited: str
    ran: str
    cancellable: bool


class Chosen(msgspec.Struct, frozen=True):
    """What the reader wants to see of a long list; the first row of a part counts from 0."""

    find: str = ""
    state: str = ""
    first: int = 0

    def query(self, **other: object) -> str:
        values = {"find": self.find, "state": self.state, "first": self.first, **other}
        return query_string(values | {"first": values["first"] or ""})


class JobList(msgspec.Struct, frozen=True):
    """`chips`: (query, word, count, icon, current); `before` and `after` are queries of the parts beside."""

    rows: list[JobRow]
    marks: list[tuple[str, str]]  # (x %, time of day)
    total: int
    fitting: int
    first: int
    chips: list[tuple[str, str, int, str, bool]]
    chosen: Chosen
    query: str
    before: str
    after: str
    long: bool


def job_list(
    request: JobRequest, url: str, pills: Mapping[str, Pill], now: datetime, *, over: bool, chosen: Chosen
) -> JobList:
    """While jobs run, what needs somebody comes first; before and after that the order is the pipeline's."""
    jobs = _ordered(request, pills, over=over)
    long = len(jobs) > WHOLE
    fitting = [job for job in jobs if not long or _fits(job, pills[job.action], chosen)]
    first = min(max(0, chosen.first), max(0, len(fitting) - 1)) // PART * PART if long else 0
    shown = fitting[first : first + PART] if long else fitting
    axis = _Axis(request, now)
    return JobList(
        rows=[_row(job, request, url, pills, now, axis) for job in shown],
        marks=axis.marks() if axis.begun else [],
        total=len(jobs),
        fitting=len(fitting),
        first=first,
        chips=_chips(pills, chosen) if long else [],
        chosen=chosen,
        query=chosen.query() if long else "",
        before=chosen.query(first=first - PART) if first else "",
        after=chosen.query(first=first + PART) if long and first + PART < len(fitting) else "",
        long=long,
    )


def _ordered(request: JobRequest, pills: Mapping[str, Pill], *, over: bool) -> list[Job]:
    place = {action.name: number for number, action in enumerate(request.pipeline)}
    jobs = sorted(request.jobs, key=lambda job: place.get(job.action, len(place)))
    if over or not any(job.started_at for job in jobs):
        return jobs
    return sorted(jobs, key=lambda job: _URGENT.index(pills[job.action].state))


def _fits(job: Job, pill: Pill, chosen: Chosen) -> bool:
    return chosen.find.lower() in job.action.lower() and chosen.state in {"", pill.state}


def _chips(pills: Mapping[str, Pill], chosen: Chosen) -> list[tuple[str, str, int, str, bool]]:
    counts = Counter(pill.state for pill in pills.values())
    words = {pill.state: pill for pill in pills.values()}
    chips = [(chosen.query(state="", first=0), "All", len(pills), "", not chosen.state)]
    for state in _URGENT:
        if counts[state]:
            query = chosen.query(state=state, first=0)
            chips.append((query, words[state].word, counts[state], words[state].icon, chosen.state == state))
    return chips


def _row(
    job: Job,
    request: JobRequest,
    url: str,
    pills: Mapping[str, Pill],
    now: datetime,
    axis: "_Axis",
) -> JobRow:
    pill = pills[job.action]
    waited = between(job.created_at, job.started_at or (now if pill.state == "waiting" else None))
    return JobRow(
        action=job.action,
        identifier=job.identifier,
        url=f"{url}{job.identifier}/",
        pill=pill,
        why=shorten(reason(job, request, pills, now), _WHY, placeholder=" …"),
        bars=axis.bars(job, now, waiting=pill.state == "waiting"),
        waited=duration(waited),
        ran=duration(between(job.started_at, job.completed_at or (now if pill.state == "running" else None))),
        cancellable=pill.word != "Cancelling" and pill.state in {"running", "waiting"},
    )


class _Axis:
    """The life of the request, from its beginning to the last end, or to now."""

    def __init__(self, request: JobRequest, now: datetime) -> None:
        started = [job for job in request.jobs if job.started_at]
        self.begun = bool(started)
        self._begin = request.created_at
        last = max((job.completed_at or now for job in started), default=now)
        self._whole = max((last - self._begin).total_seconds(), 1.0)

    def _at(self, time: datetime) -> float:
        return max(0.0, min(100.0, 100 * (time - self._begin).total_seconds() / self._whole))

    def bars(self, job: Job, now: datetime, *, waiting: bool) -> list[tuple[str, str, str]]:
        if job.started_at is None:
            made = self._at(job.created_at)
            return [("wait", f"{made:.1f}", f"{self._at(now) - made:.1f}")] if waiting and self.begun else []
        made, start, stop = (self._at(t) for t in (job.created_at, job.started_at, job.completed_at or now))
        wait = ("wait", f"{made:.1f}", f"{start - made:.1f}")
        run = ("run", f"{start:.1f}", f"{max(0.5, stop - start):.1f}")
        return [wait, run] if start > made else [run]

    def marks(self) -> list[tuple[str, str]]:
        """Round times of day; what stands at one is a fifth of the axis wide."""
        step = next((s for s in _STEPS if self._whole / s <= _MARKS), _STEPS[-1])
        first = self._begin + timedelta(seconds=step - self._begin.timestamp() % step)
        times: Sequence[datetime] = [first + timedelta(seconds=step * turn) for turn in range(_MARKS)]
        shown = [t for t in times if 0.05 < (t - self._begin).total_seconds() / self._whole < 0.8]
        return [(f"{self._at(time):.1f}", time_of_day(time, seconds=self._whole < 600)) for time in shown]
