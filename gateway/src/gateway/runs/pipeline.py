"""A request's pipeline as a picture."""

from datetime import datetime

import msgspec
from clients.jobs import Job, JobRequest

from gateway.runs import graph
from gateway.web.format import Pill, between, duration, name_parts

_MOST = 120  # actions in one picture; with more the list below says it better


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
    nodes: list[GraphNode]
    edges: list[GraphEdge]


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
    return Graph(drawn.width, drawn.height, nodes, edges)


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
