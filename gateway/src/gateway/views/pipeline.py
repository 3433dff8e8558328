"""A request's pipeline as a picture, and where its time went."""

from datetime import datetime, timedelta

import msgspec
from clients.jobs import Job, JobRequest

from gateway import graph
from gateway.views.format import Pill, between, clock, duration, name_parts

_MOST = 120  # actions in one picture; with more the list below says it better
_STEPS = (5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 604800)  # seconds between marks
_MARKS = 5


class GraphNode(msgspec.Struct, frozen=True):
    name: str
    parts: list[str]  # the name, cut where a line may break
    x: int
    y: int
    url: str
    pill: Pill
    text: str


class GraphEdge(msgspec.Struct, frozen=True):
    path: str
    kind: str  # done, todo, cut


class Graph(msgspec.Struct, frozen=True):
    width: int
    height: int
    layers: list[tuple[int, int]]
    nodes: list[GraphNode]
    edges: list[GraphEdge]


class TimeRow(msgspec.Struct, frozen=True):
    action: str
    pill: Pill
    bars: list[tuple[str, str, str]]  # (class, x %, width %)
    waited: str
    ran: str


class Times(msgspec.Struct, frozen=True):
    rows: list[TimeRow]
    marks: list[tuple[str, str]]  # (x %, time of day)
    unqueued: int  # jobs that have no bar yet


def graph_view(request: JobRequest, url: str, pills: dict[str, Pill], now: datetime) -> Graph | None:
    """Only what this request runs; None when there is too much or nothing to draw."""
    by_action = {job.action: job for job in request.jobs}
    needs = {a.name: [n for n in a.needs if n in by_action] for a in request.pipeline if a.name in by_action}
    if not 1 < len(needs) <= _MOST:
        return None
    drawn = graph.layout(needs)
    edges = [GraphEdge(edge.path, _kind(pills[edge.source].state)) for edge in drawn.edges]
    nodes = [
        GraphNode(
            node.name,
            name_parts(node.name),
            node.x,
            node.y,
            f"{url}{by_action[node.name].identifier}/",
            pills[node.name],
            _short(by_action[node.name], pills[node.name], now),
        )
        for node in drawn.nodes
    ]
    return Graph(drawn.width, drawn.height, drawn.layers, nodes, edges)


def _kind(source: str) -> str:
    if source == "succeeded":
        return "done"
    return "cut" if source in {"failed", "blocked", "cancelled"} else "todo"


def _short(job: Job, pill: Pill, now: datetime) -> str:
    if pill.state == "succeeded" and job.started_at and job.completed_at:
        return f"Succeeded in {duration(between(job.started_at, job.completed_at))}"
    if pill.state == "running" and job.started_at:
        usual = f" of {duration(job.expected_seconds)}" if job.expected_seconds else ""
        return f"Running {duration(between(job.started_at, now))}{usual}"
    return pill.word


def time_view(request: JobRequest, pills: dict[str, Pill], now: datetime) -> Times | None:
    """One bar per job over the life of the request: waiting, then running. None before anything ran."""
    started = [job for job in request.jobs if job.started_at]
    if not started:
        return None
    begin = request.created_at
    whole = max((max(job.completed_at or now for job in started) - begin).total_seconds(), 1.0)

    def at(time: datetime) -> float:
        return max(0.0, min(100.0, 100 * (time - begin).total_seconds() / whole))

    rows = []
    for job in started:
        assert job.started_at is not None
        stop = job.completed_at or now
        made, start = at(job.created_at), at(job.started_at)
        bars = [
            ("wait", f"{made:.2f}", f"{max(0.0, start - made):.2f}"),
            ("run", f"{start:.2f}", f"{max(0.5, at(stop) - start):.2f}"),
        ]
        waited = duration(between(job.created_at, job.started_at))
        ran = duration(between(job.started_at, stop))
        rows.append(TimeRow(job.action, pills[job.action], bars, waited, ran))
    marks = [(f"{at(time):.2f}", clock(time, seconds=whole < 600)) for time in _marks(begin, whole)]
    return Times(rows, marks, len(request.jobs) - len(started))


def _marks(begin: datetime, whole: float) -> list[datetime]:
    """Round times of day within `whole` seconds from `begin`; what stands there is a fifth of it wide."""
    step = next((s for s in _STEPS if whole / s <= _MARKS), _STEPS[-1])
    first = begin + timedelta(seconds=step - begin.timestamp() % step)
    times = [first + timedelta(seconds=step * turn) for turn in range(_MARKS)]
    return [time for time in times if 0.05 < (time - begin).total_seconds() / whole < 0.8]
