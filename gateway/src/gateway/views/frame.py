"""What every page shows around itself."""

from dataclasses import dataclass, field

from gateway.callers import Caller
from gateway.views.format import initials


@dataclass(frozen=True, slots=True)
class Crumb:
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    username: str
    initials: str
    staff: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """`topics` are what the page listens to; `nav` is the current entry of the header."""

    title: str
    path: str
    person: Person | None
    csrf: str
    request_id: str
    docs_url: str
    nav: str = ""
    crumbs: tuple[Crumb, ...] = ()
    topics: str = ""
    flashes: list[tuple[str, str]] = field(default_factory=list)
    search: str = ""


def person_of(caller: Caller) -> Person | None:
    if caller.user is None:
        return None
    name = caller.user.name or caller.user.username
    return Person(name, caller.user.username, initials(name), caller.may("staff_area_access"))
