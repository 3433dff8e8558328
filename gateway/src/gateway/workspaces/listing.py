"""The list of workspaces."""

from datetime import datetime

import msgspec
from clients.projects import WorkspaceRow
from kit import clock

from gateway.web.format import when
from gateway.web.lists import Cell, Column, Filter, Listing


class WorkspaceLine(msgspec.Struct, frozen=True):
    """`last_run` is None where there was none, or while jobs is away."""

    row: WorkspaceRow
    last_run: datetime | None


def _last_run(line: WorkspaceLine) -> Cell:
    return Cell("never", when=when(line.last_run, clock.now()))


WORKSPACES = Listing(
    label="Table of workspaces",
    filters=(
        Filter("all", "Which workspaces", "tabs"),
        Filter("q", "Name"),
        Filter("archived", "Archived", "choice", (("yes", "Only archived"), ("no", "Not archived"))),
    ),
    columns=(
        Column(
            "Workspace",
            lambda line: Cell(
                line.row.name,
                f"/{line.row.project_slug}/{line.row.name}/",
                tag="Archived" if line.row.is_archived else "",
            ),
            "wide",
            "name",
        ),
        Column(
            "Project",
            lambda line: Cell(line.row.project_name, f"/{line.row.project_slug}/", line.row.project_name),
            "clip",
        ),
        Column("Branch", lambda line: Cell(line.row.branch, code=True), "off"),
        Column("Last run", _last_run, "num muted"),
    ),
    sort="name",
    empty=(
        "folder",
        "No workspaces yet",
        "A workspace belongs to a project and runs one branch of one repository.",
    ),
    unfit=("magnifying-glass", "No workspace fits", "Try fewer letters, or look under All."),
    csv="workspaces.csv",
)
NONE_OF_YOURS = ("folder", "You have no workspaces", "The workspaces of your projects stand here.")
