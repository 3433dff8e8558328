"""A list with every kind of filter and of cell, as an address with two filters shows it."""

from kit import clock

from gateway.web.format import Pill, when
from gateway.web.lists import Cell, Column, Filter, Found, Listing, ListQuery
from gateway.web.listview import ListView, list_view

_ACTIONS = Listing(
    label="Example table",
    filters=(
        Filter("action", "Action", example="Part of its name"),
        Filter("state", "State", "choice", (("failed", "Failed"), ("succeeded", "Succeeded"))),
        Filter("project", "Project", "lookup", source="project"),
        Filter("person", "Person", "lookup", source="person"),
        Filter("since", "Since", "date"),
    ),
    columns=(
        Column("Action", lambda name: Cell(name, "#c-table", tag="Old"), "wide", "action"),
        Column("State", lambda _: Cell(pill=Pill("succeeded", "Succeeded", "check-circle")), sort="state"),
        Column("Commit", lambda _: Cell("4f2c91e", code=True), "off"),
        Column("Ended", lambda _: Cell(when=when(clock.now(), clock.now())), "num muted"),
    ),
    sort="action",
    empty=("inbox-stack", "No actions yet", "They would stand here."),
    unfit=("magnifying-glass", "Nothing fits", "Take a filter off."),
    csv="actions.csv",
)


def example() -> ListView:
    by = ListQuery("/ui-components", {"state": "failed", "since": "soon"})
    found = Found(["report", "tables"], older=1, newer=2, faults={"since": ["Use a date like 2026-11-24."]})
    return list_view(_ACTIONS, by, found, options={"project": [("demo", "Demo project")]})
