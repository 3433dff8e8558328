"""Releases as lines of a list."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from clients.releases import ReleaseRow

from gateway.web.format import When, person, plural, size, when


class ReleaseLine(msgspec.Struct, frozen=True):
    url: str
    number: int
    who: str
    backend: str
    when: When
    files: str
    workspace: str = ""  # where several stand together


def release_lines(rows: Sequence[ReleaseRow], url: str, now: datetime) -> list[ReleaseLine]:
    """Those of one workspace, which stands at `url`."""
    return [_line(row, url, now) for row in rows]


def lines_of_several(rows: Sequence[ReleaseRow], now: datetime) -> list[ReleaseLine]:
    """Of several workspaces, each line with the name of its own."""
    return [_line(row, f"/{row.project_slug}/{row.workspace}/", now, row.workspace) for row in rows]


def _line(row: ReleaseRow, url: str, now: datetime, workspace: str = "") -> ReleaseLine:
    at = when(row.created_at, now)
    assert at is not None
    return ReleaseLine(
        url=f"{url}releases/{row.id}/" if row.file_count is not None else f"{url}releases/",
        number=row.number,
        who=person(row.created_by.fullname, row.created_by.username),
        backend=row.backend.name,
        when=at,
        files=_files(row),
        workspace=workspace,
    )


def _files(row: ReleaseRow) -> str:
    """Counts only for those who may see them (F7)."""
    if row.file_count is None:
        return ""
    text = f"{plural(row.file_count, 'file')}, {size(row.total_size or 0)}"
    missing = row.file_count - (row.uploaded_count or 0)
    return f"{text}, {missing} not uploaded yet" if missing else text
