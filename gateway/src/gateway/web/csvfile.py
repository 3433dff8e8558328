"""A list as a CSV file: the same filters, all pages, up to a bound."""

import csv
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from io import StringIO

from starlette.responses import StreamingResponse

from gateway.web.lists import Found, Listing, ListQuery

PART = 500  # rows asked for at once
_MOST = 20  # parts of one file
Fetch = Callable[[ListQuery, int], Awaitable[Found]]


async def csv_file(listing: Listing, by: ListQuery, fetch: Fetch) -> StreamingResponse:
    """`fetch` answers a page of so many rows. What refuses the first page refuses the file."""
    first = await fetch(replace(by, before=None, after=None, page=1), PART)
    headers = {"Content-Disposition": f'attachment; filename="{listing.csv}"'}
    return StreamingResponse(_parts(listing, by, fetch, first), media_type="text/csv", headers=headers)


async def _parts(listing: Listing, by: ListQuery, fetch: Fetch, found: Found) -> AsyncIterator[bytes]:
    yield _lines([[column.label for column in listing.columns]])
    for number in range(1, _MOST + 1):
        yield _lines([[_safe(c.cell(row).plain) for c in listing.columns] for row in found.rows])
        if found.older is None and number >= found.pages:
            return
        found = await fetch(replace(by, before=found.older, after=None, page=number + 1), PART)


def _lines(rows: list[list[str]]) -> bytes:
    out = StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def _safe(text: str) -> str:
    """A spreadsheet takes what begins so for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
