"""Released files: lists, the viewer, downloads."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import quote

from clients.releases import FileRow, Release
from kit import clock
from kit.errors import NotFound, Unavailable
from starlette.responses import RedirectResponse, Response, StreamingResponse

from gateway.releases import preview
from gateway.releases.textfile import with_charset
from gateway.releases.views import file_list, release_view
from gateway.web.format import when
from gateway.web.frame import Crumb, workspace_crumbs
from gateway.web.page import Page, query_string
from gateway.web.releaselines import release_lines
from gateway.web.site import Site

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
            "releases/list.html",
            f"Releases of {name}",
            nav="workspaces",
            crumbs=self._crumbs(found.project.slug, found.project.name, name),
            topics=f"workspace:{name}",
            name=name,
            url=url,
            archived=found.workspace.is_archived,
            releases=release_lines(rows, url, clock.now()),
        )

    async def rows(self, page: Page) -> Response:
        name = page.path["workspace"]
        found = await page.services.releases.of_workspace(name)
        lines = release_lines(found, f"/{page.path['project']}/{name}/", clock.now())
        return self.site.fragment(page, "releases/list_rows.html", releases=lines)

    def _crumbs(self, project: str, project_name: str, workspace: str) -> tuple[Crumb, ...]:
        way = workspace_crumbs(project, project_name, workspace)
        return (*way, Crumb("Releases", f"{way[-1].url}releases/"))

    async def release(self, page: Page) -> Response:
        """The file tree, and one file beside it; the file's path stands in the address."""
        found, base = await self._of(page)
        workspace = found.workspace
        if (page.path["project"], page.path["workspace"]) != (workspace.project_slug, workspace.name):
            return RedirectResponse(base, 302)
        path = page.path.get("file", "")
        chosen = self._choose(found, path)
        chosen_url = f"{base}{quote(chosen.name)}" if chosen else ""
        shown = await preview.preview(self.site, page, chosen, chosen_url) if chosen else None
        find = page.request.query_params.get("find", "")[:200]
        title = f"Release {found.number} · {workspace.name}"
        crumbs = self._crumbs(workspace.project_slug, workspace.project_name, workspace.name)
        return self.site.html(
            page,
            "releases/release.html",
            f"{chosen.name.rpartition('/')[2]} · {title}" if chosen and path else title,
            nav="workspaces",
            crumbs=(*crumbs, Crumb(f"Release {found.number}")),
            topics=f"workspace:{workspace.name}",
            files_query=query_string({"file": chosen.name if chosen else "", "find": find}),
            view=release_view(found, base, clock.now()),
            list=file_list(found.files, base, chosen.name if chosen else "", find),
            chosen=chosen,
            chosen_url=chosen_url,
            uploaded=when(chosen.uploaded_at, clock.now()) if chosen else None,
            preview=shown,
        )

    async def title(self, page: Page) -> Response:
        found, base = await self._of(page)
        view = release_view(found, base, clock.now())
        return self.site.fragment(page, "releases/release_title.html", view=view)

    async def files(self, page: Page) -> Response:
        """The tree, in which files arrive."""
        found, base = await self._of(page)
        files = file_list(found.files, base, page.query("file"), page.query("find")[:200])
        return self.site.fragment(page, "releases/release_files.html", list=files)

    async def _of(self, page: Page) -> tuple[Release, str]:
        found = await page.services.releases.release(page.path["release"])
        return found, f"/{found.workspace.project_slug}/{found.workspace.name}/releases/{found.id}/"

    def _choose(self, release: Release, path: str) -> FileRow | None:
        """The named file, or the first that is here, is small and has something to show."""
        if path:
            named = [file for file in release.files if file.name == path]
            if not named:
                raise NotFound("There is no such file in this release.")
            return named[0]
        here = [
            file
            for file in release.files
            if file.uploaded_at and not file.deleted_at and preview.opens_by_itself(file)
        ]
        return min(here, key=lambda file: file.size == 0, default=None)

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
            answer = await preview.content(self.site, page, path)
        except preview.NO_ANSWER as exc:
            raise Unavailable(preview.UNREADABLE) from exc
        if answer.status != 200:
            answer.release()
            if answer.status >= 500:
                raise Unavailable(preview.UNREADABLE)
            raise NotFound("There is no such file, or you may not see it.")

        try:
            first = await answer.content.readany()
        except preview.NO_ANSWER as exc:
            raise Unavailable(preview.UNREADABLE) from exc

        async def chunks() -> AsyncIterator[bytes]:
            try:
                yield first
                async for chunk in answer.content.iter_any():
                    yield chunk
            finally:
                answer.release()

        headers = {name: answer.headers[name] for name in _KEEP if name in answer.headers}
        if "content-type" in headers:
            headers["content-type"] = with_charset(headers["content-type"], first)
        return StreamingResponse(chunks(), headers=headers)
