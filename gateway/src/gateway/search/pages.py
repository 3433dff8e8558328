"""The header's search: jumps when there is one thing with exactly that name or id."""

import asyncio
from urllib.parse import quote, urlencode

from clients.identity import Hit
from starlette.responses import RedirectResponse, Response

from gateway.web.page import Page
from gateway.web.site import Site, optional


class Search:
    def __init__(self, site: Site) -> None:
        self.site = site

    async def show(self, page: Page) -> Response:
        q = page.query("q")[:100]
        if not q:
            return self.site.html(page, "search/search.html", "Search", hits=[], q="", missing=False)
        with self.site.searches.one(page.who):
            asked = await asyncio.gather(
                optional(page.services.projects.search(q)),
                optional(page.services.jobs.search(q)),
                optional(page.services.identity.search(q)),
                optional(_releases(page, q)),
            )
        hits: list[Hit] = [hit for part in asked if part for hit in part]
        exact = [hit for hit in hits if q.lower() in {hit.key.lower(), hit.key.split("/")[-1].lower()}]
        if len(exact) == 1 or len(hits) == 1:
            return RedirectResponse(_hit_url((exact or hits)[0]), 302)
        shown = [(hit.kind, _hit_url(hit), hit.title, hit.detail) for hit in hits]
        missing = any(part is None for part in asked)
        return self.site.html(
            page, "search/search.html", "Search", search=q, hits=shown, q=q, missing=missing
        )

    async def user(self, page: Page) -> Response:
        found = await page.services.identity.user(page.path["username"])
        return RedirectResponse("/event-log/?" + urlencode({"person": found.username}), 302)


_URLS = {
    "project": "/{}/",
    "release": "/{}/",
    "workspace": "/{}/",
    "request": "/job-requests/{}/",
    "job": "/jobs/{}/",
    "action": "/event-log/?q={}",
    "user": "/users/{}/",
    "org": "/event-log/?org={}",
}


async def _releases(page: Page, q: str) -> list[Hit]:
    """Only who may see released files is told of them here."""
    if page.caller.user is None:
        return []
    return [
        Hit(
            kind="release",
            key=f"{row.project_slug}/{row.workspace}/releases/{row.id}",
            title=f"Release {row.number} of {row.workspace}",
            detail=f"from {row.backend.name}",
        )
        for row in await page.services.releases.search(q)
    ]


def _hit_url(hit: Hit) -> str:
    return _URLS[hit.kind].format(quote(hit.key))
