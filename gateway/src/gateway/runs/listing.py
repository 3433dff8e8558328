"""The list of runs: its filters, and its columns in a CSV file."""

from clients.jobs import Choices, RequestRow

from gateway.web.format import person, status_pill
from gateway.web.lists import Cell, Column, Filter, Listing

RUNS = Listing(
    label="Table of runs",
    filters=(
        Filter("state", "State", "chips"),
        Filter("q", "Search", example="Action or id"),
        Filter("backend", "Backend", "lookup", source="backend"),
        Filter("workspace", "Workspace", "lookup", source="workspace"),
        Filter("project", "Project", "lookup", source="project"),
        Filter("org", "Organisation", "lookup", source="org"),
        Filter("person", "Person", "lookup", source="person"),
        Filter("since", "Since", "date"),
        Filter("until", "Until", "date"),
    ),
    columns=(
        Column("Request", lambda row: Cell(str(row.id))),
        Column("State", lambda row: Cell(pill=status_pill(row.status))),
        Column("Workspace", lambda row: Cell(row.workspace)),
        Column("Project", lambda row: Cell(row.project_name)),
        Column("Organisation", lambda row: Cell(row.org or "")),
        Column("Backend", lambda row: Cell(row.backend.name)),
        Column("Person", lambda row: Cell(person(row.created_by.fullname, row.created_by.username))),
        Column("Created", lambda row: Cell(row.created_at.isoformat())),
        Column("Started", lambda row: Cell(_time(row, "started_at"))),
        Column("Completed", lambda row: Cell(_time(row, "completed_at"))),
        Column("Jobs", lambda row: Cell(str(row.jobs))),
        Column("Succeeded", lambda row: Cell(str(row.succeeded))),
        Column("Failed", lambda row: Cell(str(row.failed))),
    ),
    empty=("inbox-stack", "No runs yet", "Runs appear here as soon as somebody asks for jobs to be run."),
    unfit=("magnifying-glass", "Nothing fits these filters", "Take one off, or choose an earlier date."),
    table="runs/table.html",
    csv="runs.csv",
)


def _time(row: RequestRow, name: str) -> str:
    time = getattr(row, name)
    return time.isoformat() if time else ""


def options(found: Choices) -> dict[str, list[tuple[str, str]] | None]:
    """What exists, by the source of a filter; None where there is too much to choose from a list."""
    kinds = {
        "backend": found.backends,
        "org": found.orgs,
        "project": found.projects,
        "workspace": found.workspaces,
        "person": found.people,
    }
    return {
        kind: None if known is None else [(one.value, one.label) for one in known]
        for kind, known in kinds.items()
    }
