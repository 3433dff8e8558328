"""Job requests as lines of a list."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from clients.jobs import RequestRow

from gateway.web.format import Pill, When, between, duration, person, status_pill, when


class BarPart(msgspec.Struct, frozen=True):
    """Percentages of the whole, as text for SVG."""

    state: str
    x: str
    width: str


class RunLine(msgspec.Struct, frozen=True):
    id: int
    url: str
    pill: Pill
    workspace: str
    workspace_url: str
    archived: bool
    project: str
    org: str
    backend: str
    bar: list[BarPart]
    jobs_text: str
    jobs_label: str
    who: str
    when: When
    took: str


def bar(counts: Iterable[tuple[str, int]]) -> list[BarPart]:
    """Segments side by side; states without any jobs have none."""
    kept = [(state, count) for state, count in counts if count]
    total = sum(count for _, count in kept)
    parts, at = [], 0.0
    for state, count in kept:
        width = 100 * count / total
        parts.append(BarPart(state, f"{at:.2f}", f"{width:.2f}"))
        at += width
    return parts


def run_line(row: RequestRow, now: datetime) -> RunLine:
    counts = (
        ("succeeded", row.succeeded),
        ("running", row.running),
        ("waiting", row.pending),
        ("failed", row.failed),
        ("blocked", row.blocked),
        ("cancelled", row.cancelled),
    )
    url = f"/{row.project_slug}/{row.workspace}/"
    own = f"{url}{row.id}/" if row.project_slug else f"/job-requests/{row.id}/"
    asked = when(row.created_at, now)
    assert asked is not None
    took = between(row.started_at, row.completed_at)
    return RunLine(
        id=row.id,
        url=own,
        pill=status_pill(row.status),
        workspace=row.workspace,
        workspace_url=url,
        archived=row.archived,
        project=row.project_name,
        org=row.org or "",
        backend=row.backend.name,
        bar=bar(counts) or [BarPart("waiting", "0", "0")],
        jobs_text=f"{row.succeeded}/{row.jobs}" if row.jobs else "–",
        jobs_label=", ".join(f"{count} {state}" for state, count in counts if count) or "no jobs yet",
        who=person(row.created_by.fullname, row.created_by.username),
        when=asked,
        took=duration(took),
    )


def run_lines(rows: Sequence[RequestRow], now: datetime) -> list[RunLine]:
    return [run_line(row, now) for row in rows]
