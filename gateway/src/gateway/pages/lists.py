"""Projects, workspaces, status, search: pages that list."""

import asyncio
from urllib.parse import quote, urlencode

from clients.identity import Hit
from kit import clock
from starlette.responses import RedirectResponse, Response

from gateway.views.format import Pill, when
from gateway.views.frame import Crumb
from gateway.views.status import backend_cards
from gateway.web import Page
from gateway.website import Site, optional


class Lists:
    def __init__(self, site: Site) -> None:
        self.site = site

    async def projects(self, page: Page) -> Response:
        mine, number, q = self._tab(page)
        found = await page.services.projects.projects(mine=mine, page=number, q=q)
        return self.site.html(
            page, "projects.html", "Projects", nav="projects", found=found, mine=mine, q=q, url=_url(mine, q)
        )

    async def workspaces(self, page: Page) -> Response:
        mine, number, q = self._tab(page)
        found = await page.services.projects.workspaces(mine=mine, page=number, q=q)
        names = [row.name for row in found.rows]
        activity = await optional(page.services.jobs.last_activity(names)) if names else {}
        at = clock.now()
        active = {name: when(time, at) for name, time in (activity or {}).items()}
        return self.site.html(
            page,
            "workspaces.html",
            "Workspaces",
            nav="workspaces",
            found=found,
            mine=mine,
            q=q,
            url=_url(mine, q),
            active=active,
        )

    def _tab(self, page: Page) -> tuple[bool, int, str]:
        """Yours, unless nobody is logged in or everybody's were asked for (rulings 2.33)."""
        mine = page.caller.user is not None and page.query("all") != "1"
        number = page.query("page")
        return (
            mine,
            int(number) if number.isdecimal() and 0 < int(number) < 10_000 else 1,
            page.query("q")[:100],
        )

    async def status(self, page: Page) -> Response:
        cards = backend_cards(await page.services.jobs.backends(), clock.now())
        crumbs = (Crumb("Status"),)
        return self.site.html(
            page, "status.html", "Status", nav="status", crumbs=crumbs, topics="status", cards=cards
        )

    async def status_cards(self, page: Page) -> Response:
        cards = backend_cards(await page.services.jobs.backends(), clock.now())
        return self.site.fragment(page, "backend_cards.html", cards=cards)

    async def search(self, page: Page) -> Response:
        """Jumps when there is one thing with exactly that name or id."""
        q = page.query("q")[:100]
        if not q:
            return self.site.html(page, "search.html", "Search", hits=[], q="", missing=False)
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
        return self.site.html(page, "search.html", "Search", search=q, hits=shown, q=q, missing=missing)

    async def user(self, page: Page) -> Response:
        found = await page.services.identity.user(page.path["username"])
        return RedirectResponse("/event-log/?" + urlencode({"person": found.username}), 302)

    async def gallery(self, page: Page) -> Response:
        pills = [Pill(*words) for words in _PILLS]
        crumbs = (Crumb("Components"),)
        return self.site.html(
            page, "gallery.html", "Components", crumbs=crumbs, pills=pills, at=when(clock.now(), clock.now())
        )


_PILLS = (
    ("succeeded", "Succeeded", "check-circle"),
    ("running", "Running", "arrow-path"),
    ("waiting", "Waiting", "clock"),
    ("failed", "Failed", "x-circle"),
    ("blocked", "Blocked", "minus-circle"),
    ("cancelled", "Cancelled", "no-symbol"),
    ("idle", "Never run", "never"),
    ("paused", "Paused", "pause-circle"),
)

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


def _url(mine: bool, q: str) -> str:
    """The beginning of a page link of this list."""
    values = {**({} if mine else {"all": "1"}), **({"q": q} if q else {})}
    return "?" + (urlencode(values) + "&" if values else "")
