"""A list is declared once: what it can be filtered and sorted by, its columns, what it says when it is empty.

Filters and the place in the list stand in the address, so that a list can be sent to somebody and works
without a script. A page of rows comes from a service, by cursor (`older`, `newer`) or by number (`page` of
`pages`).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from kit.errors import Invalid, NotFound

from gateway.web.fields import Offered
from gateway.web.format import Pill, When
from gateway.web.page import Page, integer, query_string

_LONGEST = 100  # characters of a filter


class Filter(msgspec.Struct, frozen=True):
    """`kind` is text, date, choice (of `choices`), lookup (what exists, of the kind `source`), chips or tabs.

    Chips and tabs are links that the page shows by itself; they say which rows there are, tabs of whom.
    """

    name: str
    label: str
    kind: str = "text"
    choices: Offered = ()
    source: str = ""
    none: str = "Any"  # what stands for no choice
    example: str = ""


class Cell(msgspec.Struct, frozen=True):
    """What stands in one place of the table, and in a CSV file as `plain`."""

    text: str = ""
    url: str = ""
    title: str = ""
    tag: str = ""
    code: bool = False
    when: When | None = None
    pill: Pill | None = None

    @property
    def plain(self) -> str:
        if self.when:
            return self.when.iso
        return self.pill.word if self.pill else self.text


class Column(msgspec.Struct, frozen=True):
    """`sort` is the word in the address that puts the rows in this column's order."""

    label: str
    cell: Callable[[Any], Cell]
    place: str = ""  # classes: num, off (not on small screens), wide, clip
    sort: str = ""
    falling: bool = False  # the largest or newest comes first


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """`empty` and `unfit` are (icon, title, sentence): without any rows, and with filters that leave none."""

    label: str  # "Table of projects"
    filters: Sequence[Filter]
    columns: Sequence[Column]
    empty: tuple[str, str, str]
    unfit: tuple[str, str, str]
    sort: str = ""  # by which it is sorted unless asked otherwise
    table: str = ""  # a template of its own, where rows are more than cells
    csv: str = ""  # the file's name; without one there is none


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What an address asks of a list."""

    path: str
    filters: Mapping[str, str]  # those that are set, by name
    sort: str = ""
    page: int = 1
    before: int | None = None
    after: int | None = None

    def get(self, name: str) -> str:
        return self.filters.get(name, "")

    def url(self, **changes: object) -> str:
        """The same list with other filters, from its beginning; a filter that is "" is taken off."""
        wanted = {**self.filters, **({"sort": self.sort} if self.sort else {}), **changes}
        return self.path + query_string(wanted)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of rows, with what leads to the pages beside it."""

    rows: Sequence[Any]
    older: int | None = None
    newer: int | None = None
    pages: int = 1
    counts: Mapping[str, int] = field(default_factory=dict)  # by what the chips choose
    faults: Mapping[str, list[str]] = field(default_factory=dict)  # of filters that make no sense


async def find(fetch: Awaitable[Found]) -> Found:
    """The rows; filters that the service refuses leave none, and say why beside themselves."""
    try:
        return await fetch
    except Invalid as refusal:
        if not refusal.extra.get("fields"):
            raise
        return Found((), faults=refusal.extra["fields"])


def list_query(page: Page, listing: Listing) -> ListQuery:
    """Raises NotFound for cursors and pages that are no numbers."""
    given = {one.name: page.query(one.name)[:_LONGEST] for one in listing.filters}
    sorts = {column.sort for column in listing.columns} - {"", listing.sort}
    sort = page.query("sort")
    number = _number(page, "page")
    if number == 0:
        raise NotFound("There is no such page.")
    return ListQuery(
        path=page.request.url.path,
        filters={name: value for name, value in given.items() if value},
        sort=sort if sort in sorts else "",
        page=number or 1,
        before=_number(page, "before"),
        after=_number(page, "after"),
    )


def yours(page: Page) -> bool:
    """Whether a list that has both shows what is the caller's: unless nobody is, or all were asked for."""
    return page.caller.user is not None and page.query("all") != "1"


def _number(page: Page, name: str) -> int | None:
    return integer(page.query(name)) if page.query(name) else None
