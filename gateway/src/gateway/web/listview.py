"""What templates show of a list: its filters, what is set, its table, the way to the pages beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gateway.web.fields import Offered
from gateway.web.lists import Column, Filter, Found, Listing, ListQuery

_REFUSED = ("exclamation-triangle", "Nothing was looked for", "Mend what is marked above first.")
_ASIDE = {"tabs", "chips"}  # filters that are shown elsewhere than in the bar of filters


class Field(msgspec.Struct, frozen=True):
    """A filter as it is shown; without `options` it is typed."""

    name: str
    label: str
    kind: str
    value: str
    none: str
    example: str
    options: Offered | None
    source: str
    fault: str


class Applied(msgspec.Struct, frozen=True):
    label: str
    value: str
    url: str  # of the list without it


class Head(msgspec.Struct, frozen=True):
    label: str
    place: str
    url: str
    sorted: str  # as ARIA says it; "" when the rows have another order


class ListView(msgspec.Struct, frozen=True):
    """What templates show of a list."""

    label: str
    path: str
    fields: list[Field]
    applied: list[Applied]
    hidden: list[tuple[str, str]]  # what stays as it is when the filters are sent
    heads: list[Head]
    rows: Sequence[Any]  # lines, or for the common table cells with their place
    none: tuple[str, str, str]
    newer: str
    older: str
    beside: str  # where one is, in words
    csv: str


def list_view(
    listing: Listing,
    by: ListQuery,
    found: Found,
    *,
    options: Mapping[str, Offered | None] | None = None,
    fixed: Sequence[str] = (),
    empty: tuple[str, str, str] | None = None,
) -> ListView:
    """`options` are what exists, by the source of a filter; a `fixed` filter is not offered."""
    offered = [one for one in listing.filters if one.name not in fixed]
    shown = [_field(one, by, options or {}, found.faults) for one in offered if one.kind not in _ASIDE]
    applied = [
        Applied(one.label, _word(one), by.url(**{one.name: ""}))
        for one in shown
        if one.value and not one.fault
    ]
    kept = [(one.name, by.filters[one.name]) for one in offered if one.kind in _ASIDE and by.get(one.name)]
    narrowed = any(by.get(one.name) for one in offered if one.kind != "tabs")
    return ListView(
        label=listing.label,
        path=by.path,
        fields=shown,
        applied=applied,
        hidden=kept + ([("sort", by.sort)] if by.sort else []),
        heads=[_head(column, by, listing.sort) for column in listing.columns],
        rows=found.rows
        if listing.table
        else [[(c.place, c.cell(row)) for c in listing.columns] for row in found.rows],
        none=_REFUSED if found.faults else listing.unfit if narrowed else empty or listing.empty,
        newer=_beside(by, found, -1),
        older=_beside(by, found, 1),
        beside=f"Page {by.page} of {found.pages}" if found.pages > 1 else "",
        csv=by.url(format="csv") if listing.csv and found.rows else "",
    )


def _field(
    one: Filter, by: ListQuery, exists: Mapping[str, Offered | None], faults: Mapping[str, list[str]]
) -> Field:
    value = by.filters.get(one.name, "")
    options = one.choices if one.kind == "choice" else exists.get(one.source) if one.source else None
    if options is not None and value and value not in {key for key, _ in options}:
        options = [*options, (value, f"“{value}”")]  # part of a name
    fault = " ".join(faults.get(one.name, ()))
    return Field(one.name, one.label, one.kind, value, one.none, one.example, options, one.source, fault)


def _word(one: Field) -> str:
    return next((text for key, text in one.options or () if key == one.value), one.value)


def _head(column: Column, by: ListQuery, default: str) -> Head:
    current = bool(column.sort) and column.sort == (by.sort or default)
    url = by.url(sort="" if column.sort == default else column.sort) if column.sort else ""
    order = "descending" if column.falling else "ascending"
    return Head(column.label, column.place, url, order if current else "")


def _beside(by: ListQuery, found: Found, step: int) -> str:
    if found.pages > 1:
        number = by.page + step
        return by.url(page=number if number > 1 else "") if 1 <= number <= found.pages else ""
    cursor = found.older if step > 0 else found.newer
    return by.url(**{"before" if step > 0 else "after": cursor}) if cursor is not None else ""
