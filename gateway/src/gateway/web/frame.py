"""What every page shows around itself."""

from urllib.parse import urlencode

import msgspec

from gateway.callers import Caller
from gateway.web.format import initials


class Crumb(msgspec.Struct, frozen=True):
    text: str
    url: str = ""


def workspace_crumbs(project: str, project_name: str, workspace: str) -> tuple[Crumb, ...]:
    """The way to a workspace; `project` is the slug."""
    return (
        Crumb("Projects", "/projects/"),
        Crumb(project_name, f"/{project}/"),
        Crumb(workspace, f"/{project}/{workspace}/"),
    )


class Person(msgspec.Struct, frozen=True):
    name: str
    username: str
    initials: str
    runs_url: str


class Frame(msgspec.Struct, frozen=True):
    """`topics` are what the page listens to; `nav` is the current entry of the header."""

    title: str
    login_url: str  # and back to this page
    person: Person | None
    request_id: str
    docs_url: str
    nav: str = ""
    crumbs: tuple[Crumb, ...] = ()
    topics: str = ""
    flashes: list[tuple[str, str]] = []
    troubles: list[str] = []  # of backends, for staff
    search: str = ""


def person_of(caller: Caller) -> Person | None:
    if caller.user is None:
        return None
    name = caller.user.name or caller.user.username
    runs = "/event-log/?" + urlencode({"person": caller.user.username})
    return Person(name, caller.user.username, initials(name), runs)
