"""What stands beside the list of a release: one file, as far as it can be shown."""

import asyncio
import re
from typing import Literal

import aiohttp
import msgspec
from clients.releases import FileRow
from kit import telemetry
from kit.errors import Unavailable
from kit.identity import HEADER

from gateway.releases import textfile
from gateway.releases.views import Preview
from gateway.services import statement
from gateway.web.format import size
from gateway.web.page import Page
from gateway.web.site import Site

NO_ANSWER = (aiohttp.ClientError, TimeoutError, OSError)
UNREADABLE = "The bytes of this file cannot be read just now."
_PART = 512 * 1024  # bytes of a text or table that are read for one page
_LARGE = 2 * 1024 * 1024  # pictures and reports above it open when they are asked for
_KINDS: dict[str, str] = (
    dict.fromkeys(("csv", "tsv"), "table")
    | dict.fromkeys(("png", "jpg", "jpeg", "gif", "svg"), "image")
    | dict.fromkeys(("html", "htm", "pdf"), "frame")
    | dict.fromkeys(("txt", "json", "md", "yaml", "yml"), "text")
    | {"log": "log"}
)
_OUTSIDE = re.compile(rb"""<img[^>]*?\ssrc\s*=\s*["']?(?!data:|blob:)([^"'\s>]{1,200})""", re.IGNORECASE)


def kind_of(name: str) -> str:
    name = name.lower()
    packed = name.endswith(".gz")
    kind = _KINDS.get(name.removesuffix(".gz").rpartition(".")[2], "none")
    return "none" if packed and kind in {"image", "frame"} else kind


def opens_by_itself(file: FileRow) -> bool:
    """Small, and no frame: a reader of PDF takes the focus."""
    return file.size <= _PART and kind_of(file.name) not in {"none", "frame"}


def content(site: Site, page: Page, path: str) -> "aiohttp.client._RequestContextManager":
    """Bytes of releases, with the caller's statement."""
    url = site.settings.releases_url.rstrip("/") + path
    headers = {**telemetry.outgoing(), HEADER: statement.get()}
    timeout = aiohttp.ClientTimeout(sock_connect=3, sock_read=30)
    return page.services.http["releases"].session.get(url, headers=headers, timeout=timeout)


async def preview(site: Site, page: Page, file: FileRow, url: str) -> Preview:
    if file.deleted_at is not None:
        return Preview("gone", text=f"This file was redacted by {file.deleted_by or 'somebody'}.")
    if file.uploaded_at is None:
        return Preview("gone", text="This file has not been uploaded yet. It is tried again every minute.")
    kind, source = kind_of(file.name), f"/files/{file.id}/content/"
    if kind == "none":
        return Preview("none", source=source)
    if kind in {"image", "frame"} and file.size > _LARGE and "show" not in page.request.query_params:
        return Preview("large", source=source, text=size(file.size), more=f"{url}?show=1#file")
    try:
        if kind in {"image", "frame"}:
            notes = await _missing_pictures(site, page, file) if kind == "frame" else []
            return Preview(kind, source=source, notes=notes)
        return await _text(site, page, file, kind, url, source)
    except Unavailable as exc:
        return Preview("gone", source=source, text=exc.detail)


async def _bytes(site: Site, page: Page, file: FileRow, start: int) -> bytes:
    """At most a part of the file. Raises Unavailable."""
    raw = b""
    try:
        async with content(site, page, f"/files/{file.id}/content?start={start}&length={_PART}") as answer:
            if answer.status != 200:
                raise Unavailable(UNREADABLE)
            while len(raw) < _PART and (more := await answer.content.read(_PART - len(raw))):
                raw += more
    except NO_ANSWER as exc:
        raise Unavailable(UNREADABLE) from exc
    return raw


async def _missing_pictures(site: Site, page: Page, file: FileRow) -> list[str]:
    if file.name.lower().endswith(".pdf"):
        return []
    found = [name.decode("utf-8", "replace") for name in _OUTSIDE.findall(await _bytes(site, page, file, 0))]
    if not found:
        return []
    return [
        f"This report takes pictures from outside itself ({', '.join(dict.fromkeys(found[:3]))}"
        f"{' and more' if len(found) > 3 else ''}), which are not loaded: a released report shows"
        " only what is inside the file. Look for them in the list of files."
    ]


class _Read(msgspec.Struct, frozen=True):
    """Bytes of a file: its beginning, and those from `start` on that are shown."""

    beginning: bytes
    window: bytes
    start: int
    size: int


def _number(page: Page, name: str) -> int:
    text = page.request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else 0


async def _text(site: Site, page: Page, file: FileRow, kind: str, url: str, source: str) -> Preview:
    packed = file.name.lower().endswith(".gz")
    at_end = kind == "log" and "at" not in page.request.query_params and not packed
    start = max(0, file.size - _PART) // 2 * 2 if at_end else min(_number(page, "at"), file.size)
    beginning = await _bytes(site, page, file, 0)
    if packed:
        start = 0
    window = await _bytes(site, page, file, start) if start else beginning
    read = _Read(beginning, window, start, file.size)
    before = _number(page, "before") if start else 0
    shown = await asyncio.to_thread(_shown, file.name, kind, read, packed, at_end, before)
    more = f"{url}?at={shown.next}&before={shown.before}#file" if shown.next else ""
    first = f"{url}?at=0#file" if start or (at_end and shown.cut) else ""
    return msgspec.structs.replace(shown, source=source, more=more, first=first)


def _shown(name: str, kind: str, read: _Read, packed: bool, at_end: bool, before: int) -> Preview:
    beginning, window = read.beginning, read.window
    whole = read.start + len(window) >= read.size
    whole_beginning = len(beginning) >= read.size
    if packed:
        try:
            beginning, done = textfile.unpacked(beginning, _PART)
        except ValueError:
            return Preview("none")
        window, whole = beginning, whole and done
        whole_beginning = whole
    if kind == "table":
        form = textfile.table_form(beginning, whole=whole_beginning, tabs=".tsv" in name.lower())
        later = msgspec.structs.replace(form, bom=0) if read.start else form
        try:
            heading = textfile.rows(beginning, form, whole=whole_beginning, most=1).rows
            part = textfile.rows(window, later, whole=whole, most=textfile.LINES + (not read.start))
        except ValueError:
            heading = []
        if heading and part.rows:
            return _table(heading[0], part, form, read, packed, before)
    form = textfile.text_form(beginning, whole=whole_beginning)
    if read.start:
        form = msgspec.structs.replace(form, bom=0)
    if at_end:
        part = textfile.last_lines(window, form, whole=read.start == 0)
        notes = [f"The last {len(part.lines):,} lines are shown."] if part.more else []
        return Preview("text", text="\n".join(part.lines), notes=[*notes, form.said], cut=part.more)
    part = textfile.lines(window, form, whole=whole)
    return _lines(part, form, read, packed, before)


def _table(
    heading: list[str], part: textfile.Part, form: textfile.Form, read: _Read, packed: bool, before: int
) -> Preview:
    rows = list(part.rows) if read.start else list(part.rows)[1:]
    notes = _range("Rows", before, len(rows), part.more, packed)
    if part.columns_left_out:
        notes.append(f"{part.columns_left_out:,} columns more are in the file.")
    return Preview(
        "table",
        head=textfile.pad(heading, len(part.rows[0])),
        rows=rows,
        notes=[*notes, form.said],
        cut=part.more,
        next=read.start + part.size if part.more and not packed else 0,
        before=before + len(rows),
    )


def _lines(part: textfile.Part, form: textfile.Form, read: _Read, packed: bool, before: int) -> Preview:
    if part.more and not part.lines:
        return Preview("none", notes=["Its lines are longer than can be shown."])
    notes = _range("Lines", before, len(part.lines), part.more, packed)
    return Preview(
        "text",
        text="\n".join(part.lines),
        notes=[*notes, form.said],
        cut=part.more,
        next=read.start + part.size if part.more and not packed else 0,
        before=before + len(part.lines),
    )


def _range(what: Literal["Rows", "Lines"], before: int, count: int, more: bool, packed: bool) -> list[str]:
    if not more and not before:
        return []
    rest = " Download the file for the rest." if packed and more else ""
    return [f"{what} {before + 1:,} to {before + count:,} are shown.{rest}"]
