"""The list of projects."""

from gateway.web.lists import Cell, Column, Filter, Listing

PROJECTS = Listing(
    label="Table of projects",
    filters=(
        Filter("all", "Which projects", "tabs"),
        Filter("q", "Name or number"),
        Filter("org", "Organisation", example="Part of its name"),
    ),
    columns=(
        Column("Project", lambda row: Cell(row.name, f"/{row.slug}/"), "wide", "name"),
        Column("Number", lambda row: Cell(row.number or ""), sort="number"),
        Column("Organisation", lambda row: Cell(row.lead_org or ""), "off"),
        Column("Workspaces", lambda row: Cell(str(row.workspaces)), "num"),
    ),
    sort="name",
    empty=("folder", "No projects yet", "An operator makes them with ./just manage create_project."),
    unfit=("magnifying-glass", "No project fits", "Try fewer letters, or look under All."),
    csv="projects.csv",
)
NONE_OF_YOURS = (
    "folder",
    "You are not a member of a project",
    "Somebody who leads a project adds you. All projects can be seen under All.",
)
