"""Home: first steps of somebody new, and what needs attention of somebody who has run something."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from clients.jobs import BackendStatus, RequestRow
from clients.projects import WorkspaceRow
from clients.releases import ReleaseRow
from contracts.statement import Claims
from contracts.statuses import counted

from gateway.web.backends import backend_pill
from gateway.web.format import When, plural, when
from gateway.web.releaselines import lines_of_several


class Step(msgspec.Struct, frozen=True):
    title: str
    text: str
    done: bool
    url: str = ""
    link: str = ""


def first_steps(
    person: Claims, workspaces: Sequence[WorkspaceRow], backends: Sequence[BackendStatus] | None
) -> list[Step]:
    """What has to be so before somebody's first jobs run, in order, with how far it is."""
    projects = list(dict.fromkeys(row.project_name for row in workspaces))
    may_run = bool(person.projects.get("ProjectDeveloper"))
    names = [b.name for b in backends or [] if b.slug in person.backends] or person.backends
    open_workspaces = [row for row in workspaces if not row.is_archived]
    where = open_workspaces[0] if open_workspaces else None
    ready = may_run and bool(names) and where is not None
    return [
        Step(
            "Join a project",
            _joined(person, projects, may_run),
            may_run,
            "/projects/?all=1",
            "Look at the projects",
        ),
        Step(
            "Get access to a backend",
            f"You may use {', '.join(names)}."
            if names
            else "Backends are the secure environments where jobs run. Ask the team that runs this site.",
            bool(names),
            "/status/",
            "Look at the backends",
        ),
        Step(
            "Run your first jobs",
            f"Tick actions of your code in {where.name}, and watch them run."
            if ready and where
            else "This opens when you are in a project that has a workspace, and may use a backend.",
            False,
            f"/{where.project_slug}/{where.name}/run-jobs/" if ready and where else "",
            "Run jobs",
        ),
    ]


def _joined(person: Claims, projects: list[str], may_run: bool) -> str:
    if may_run:
        return f"You are in {', '.join(projects[:3]) or plural(len(person.memberships), 'project')}."
    if person.memberships:
        return "You are in a project, but may not run jobs there: that needs the role Project developer."
    return "Ask the lead of your project, or the team that runs this site, to add you as Project developer."


class Notice(msgspec.Struct, frozen=True):
    state: str
    icon: str
    title: str
    url: str
    text: str
    when: When | None


def failures(rows: Sequence[RequestRow], now: datetime) -> list[Notice]:
    return [
        Notice(
            "failed",
            "x-circle",
            f"Request {row.id} failed",
            f"/job-requests/{row.id}/",
            f"{row.workspace} on {row.backend.name}: {_became(row)}",
            when(row.completed_at, now),
        )
        for row in rows
    ]


def _became(row: RequestRow) -> str:
    counts = {"failed": row.failed, "blocked": row.blocked, "cancelled": row.cancelled}
    return counted(counts | {"succeeded": row.succeeded}) or "it could not be started"


def waits(
    rows: Sequence[RequestRow], backends: Sequence[BackendStatus] | None, now: datetime
) -> list[Notice]:
    states = {backend.slug: backend_pill(backend) for backend in backends or []}
    found = []
    for row in rows:
        pill = states.get(row.backend.slug)
        why = f", which is {pill.word.lower()}" if pill and pill.state != "up" else ""
        found.append(
            Notice(
                "waiting",
                "clock",
                f"Request {row.id} waits",
                f"/job-requests/{row.id}/",
                f"{row.workspace}: for {row.backend.name}{why}",
                when(row.created_at, now),
            )
        )
    return found


def arrivals(rows: Sequence[ReleaseRow], since: datetime, now: datetime) -> list[Notice]:
    lines = lines_of_several([row for row in rows if row.created_at > since], now)
    return [
        Notice(
            "succeeded",
            "arrow-down-tray",
            f"Release {line.number} of {line.workspace} arrived",
            line.url,
            f"{line.files}, from {line.backend}",
            line.when,
        )
        for line in lines
    ]
