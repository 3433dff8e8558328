"""Released files: lists, the viewer, downloads."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from urllib.parse import quote

import aiohttp
from clients.releases import FileRow, Release
from kit import clock, telemetry
from kit.errors import NotFound, Unavailable
from kit.identity import HEADER
from starlette.responses import RedirectResponse, Response, StreamingResponse

from gateway.services import statement
from gateway.views.format import when
from gateway.views.frame import Crumb
from gateway.views.releases import Preview, file_tree, release_view
from gateway.views.workspace import release_lines
from gateway.web import Page
from gateway.website import Site

_PREVIEW = 512 * 1024  # bytes of a text or table that are shown; the rest is downloaded
_ROWS = 500
_NO_ANSWER = (aiohttp.ClientError, TimeoutError, OSError)
_UNREADABLE = "The bytes of this file cannot be read just now."
_BASE = ("content-type", "content-disposition", "content-security-policy", "last-modified", "cache-control")
_KEEP: tuple[str, ...] = (
    *_BASE,
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "cross-origin-opener-policy",
)


class Releases:
    def __init__(self, site: Site) -> None:
        self.site = site

    async def of_workspace(self, page: Page) -> Response:
        name = page.path["workspace"]
        found, rows = await asyncio.gather(
            page.services.projects.workspace(name), page.services.releases.of_workspace(name)
        )
        url = f"/{found.project.slug}/{name}/"
        if found.project.slug != page.path["project"]:
            return RedirectResponse(f"{url}releases/", 302)
        return self.site.html(
            page,
            "releases.html",
            f"Releases of {name}",
            nav="workspaces",
            crumbs=self._crumbs(found.project.slug, found.project.name, name),
            topics=f"workspace:{name}",
            name=name,
            url=url,
            releases=release_lines(rows, url, clock.now()),
        )

    def _crumbs(self, project: str, project_name: str, workspace: str) -> tuple[Crumb, ...]:
        url = f"/{project}/{workspace}/"
        return (
            Crumb("Projects", "/projects/"),
            Crumb(project_name, f"/{project}/"),
            Crumb(workspace, url),
            Crumb("Releases", f"{url}releases/"),
        )

    async def release(self, page: Page) -> Response:
        """The file tree, and one file beside it; the file's path stands in the address."""
        found = await page.services.releases.release(page.path["release"])
        workspace = found.workspace
        base = f"/{workspace.project_slug}/{workspace.name}/releases/{found.id}/"
        if (page.path["project"], page.path["workspace"]) != (workspace.project_slug, workspace.name):
            return RedirectResponse(base, 302)
        path = page.path.get("file", "")
        chosen = self._choose(found, path)
        preview = await self._preview(page, chosen) if chosen else None
        crumbs = self._crumbs(workspace.project_slug, workspace.project_name, workspace.name)
        return self.site.html(
            page,
            "release.html",
            f"Release {found.number}",
            nav="workspaces",
            crumbs=(*crumbs, Crumb(f"Release {found.number}")),
            view=release_view(found, base, clock.now()),
            tree=file_tree(found.files, base, chosen.name if chosen else ""),
            chosen=chosen,
            chosen_url=f"{base}{quote(chosen.name)}" if chosen else "",
            uploaded=when(chosen.uploaded_at, clock.now()) if chosen else None,
            preview=preview,
        )

    def _choose(self, release: Release, path: str) -> FileRow | None:
        """The named file, or the first that can be seen and has something to show."""
        if path:
            named = [file for file in release.files if file.name == path]
            if not named:
                raise NotFound("There is no such file in this release.")
            return named[0]
        here = [file for file in release.files if file.uploaded_at and not file.deleted_at]
        return min(here, key=lambda file: file.size == 0, default=None)

    async def _preview(self, page: Page, file: FileRow) -> Preview:
        if file.deleted_at is not None:
            return Preview("gone", text=f"This file was redacted by {file.deleted_by or 'somebody'}.")
        if file.uploaded_at is None:
            return Preview(
                "gone", text="This file has not been uploaded yet. It is tried again every minute."
            )
        kind = _kind(file.name)
        source = f"/files/{file.id}/content/"
        if kind in {"image", "frame", "none"} or file.size > 16 * 1024 * 1024:
            return Preview(kind if file.size <= 16 * 1024 * 1024 else "none", source=source)
        try:
            text, whole = await self._text(page, file)
        except Unavailable as exc:
            return Preview("gone", source=source, text=exc.detail)
        if kind == "table" and (rows := _rows(text)):
            cut = not whole or len(rows) > _ROWS + 1
            return Preview("table", source=source, head=rows[0], rows=rows[1 : _ROWS + 1], cut=cut)
        return Preview("text", source=source, text=text, cut=not whole)

    async def _text(self, page: Page, file: FileRow) -> tuple[str, bool]:
        """(the beginning of the file, whether that is all). Raises Unavailable."""
        raw = b""
        try:
            async with self._content(page, f"/files/{file.id}/content") as answer:
                if answer.status != 200:
                    raise Unavailable(_UNREADABLE)
                while len(raw) < _PREVIEW and (more := await answer.content.read(_PREVIEW - len(raw))):
                    raw += more
        except _NO_ANSWER as exc:
            raise Unavailable(_UNREADABLE) from exc
        return raw.decode("utf-8", "replace"), file.size <= len(raw)

    def _content(self, page: Page, path: str) -> "aiohttp.client._RequestContextManager":
        client = page.services.http["releases"]
        url = self.site.settings.releases_url.rstrip("/") + path
        headers = {**telemetry.outgoing(), HEADER: statement.get()}
        return client.session.get(
            url, headers=headers, timeout=aiohttp.ClientTimeout(sock_connect=3, sock_read=30)
        )

    async def content(self, page: Page) -> Response:
        """The bytes of a file, with the sandbox headers that releases put on them."""
        query = page.request.url.query
        return await self._stream(
            page, f"/files/{quote(page.path['file_id'])}/content" + (f"?{query}" if query else "")
        )

    async def archive(self, page: Page) -> Response:
        return await self._stream(page, f"/releases/{quote(page.path['release'])}/archive")

    async def _stream(self, page: Page, path: str) -> Response:
        try:
            answer = await self._content(page, path)
        except _NO_ANSWER as exc:
            raise Unavailable(_UNREADABLE) from exc
        if answer.status != 200:
            answer.release()
            if answer.status >= 500:
                raise Unavailable(_UNREADABLE)
            raise NotFound("There is no such file, or you may not see it.")

        async def chunks() -> AsyncIterator[bytes]:
            try:
                async for chunk in answer.content.iter_any():
                    yield chunk
            finally:
                answer.release()

        headers = {name: answer.headers[name] for name in _KEEP if name in answer.headers}
        return StreamingResponse(chunks(), headers=headers)


def _rows(text: str) -> list[list[str]]:
    """[] for what calls itself a table and is none."""
    try:
        return list(csv.reader(io.StringIO(text)))
    except csv.Error:
        return []


def _kind(name: str) -> str:
    extension = name.rpartition(".")[2].lower()
    if extension == "csv":
        return "table"
    if extension in {"png", "jpg", "jpeg", "gif", "svg"}:
        return "image"
    if extension in {"html", "htm", "pdf"}:
        return "frame"
    return "text" if extension in {"txt", "log", "json", "md"} else "none"
