"""Home: what needs attention, one's own runs, everybody's, and for who is new what to do first."""

import asyncio
from datetime import UTC, datetime, timedelta

from clients.jobs import BackendStatus
from clients.jobs import Home as Found
from clients.releases import ReleaseRow
from kit import clock
from starlette.responses import Response

from gateway.home import views as view
from gateway.web.backends import backend_cards
from gateway.web.page import Page
from gateway.web.releaselines import lines_of_several
from gateway.web.runlines import run_lines
from gateway.web.site import Site, optional

_COOKIE = "visits"
_BREAK = timedelta(minutes=30)  # whoever comes back after so long pays another visit
_UNKNOWN = timedelta(days=7)  # looked back by who comes for the first time


class Visits:
    """When this browser was here: the end of the visit before, and the last time in this one."""

    def __init__(self, cookie: str, now: datetime) -> None:
        self._now = now
        self.before = _before(cookie, now)
        seen = _time(cookie.rpartition(".")[2])
        if seen is not None and now - seen > _BREAK:
            self.before = seen

    def cookie(self) -> str:
        return f"{int(self.before.timestamp())}.{int(self._now.timestamp())}"


def _before(cookie: str, now: datetime) -> datetime:
    return _time(cookie.partition(".")[0]) or now - _UNKNOWN


def _time(text: str) -> datetime | None:
    if not text.isascii() or not text.isdecimal() or len(text) > 10:
        return None
    return datetime.fromtimestamp(int(text), UTC)


class Home:
    def __init__(self, site: Site) -> None:
        self.site = site

    async def show(self, page: Page) -> Response:
        services, user = page.services, page.caller.user
        visits = Visits(page.request.cookies.get(_COOKIE, ""), clock.now())
        work = [optional(services.jobs.home(visits.before)), optional(services.jobs.backends())]
        if user is not None:
            work += [optional(services.projects.workspaces(mine=True)), optional(services.releases.recent())]
        found, backends, *rest = await asyncio.gather(*work)
        mine, arrived = rest or (None, None)
        at = clock.now()
        workspaces = mine.rows if mine else []
        new = user is not None and found is not None and not found.mine
        checks = page.caller.may("release_file_upload")
        response = self.site.html(
            page,
            "home/home.html",
            "Home",
            topics="runs status releases" if user else "runs status",
            mine=run_lines(found.mine, at) if found else None,
            rows=run_lines(found.everybody, at) if found else None,
            backends=backend_cards(backends, at) if backends is not None else None,
            workspaces=workspaces[:8],
            steps=view.first_steps(user, workspaces, backends) if new and user and not checks else [],
            checks=checks,
            releases=None if arrived is None else lines_of_several(arrived, at),
            notices=_notices(found, backends, _own(page, arrived), visits.before, at),
        )
        if user is not None:
            self.site.cookie(response, _COOKIE, visits.cookie(), 90 * 24 * 3600)
        return response

    async def runs(self, page: Page) -> Response:
        found = await page.services.jobs.home()
        rows = run_lines(found.everybody, clock.now())
        return self.site.fragment(page, "home/runs.html", rows=rows)

    async def attention(self, page: Page) -> Response:
        """The live part for whoever is logged in."""
        services = page.services
        before = _before(page.request.cookies.get(_COOKIE, ""), clock.now())
        found, backends, arrived = await asyncio.gather(
            services.jobs.home(before),
            optional(services.jobs.backends()),
            optional(services.releases.recent()),
        )
        notices = _notices(found, backends, _own(page, arrived), before, clock.now())
        return self.site.fragment(page, "home/attention.html", notices=notices)

    async def releases(self, page: Page) -> Response:
        lines = lines_of_several(await page.services.releases.recent(), clock.now())
        return self.site.fragment(page, "web/releases_card.html", releases=lines, url="")


def _own(page: Page, arrived: list[ReleaseRow] | None) -> list[ReleaseRow]:
    """Whoever may see the files of every project is not told of each that comes."""
    return [] if page.caller.may("release_file_view") else arrived or []


def _notices(
    found: Found | None,
    backends: list[BackendStatus] | None,
    arrived: list[ReleaseRow],
    since: datetime,
    now: datetime,
) -> list[view.Notice]:
    """What failed, then what came, then what waits."""
    if found is None:
        return view.arrivals(arrived, since, now)
    return [
        *view.failures(found.failed, now),
        *view.arrivals(arrived, since, now),
        *view.waits(found.waiting, backends, now),
    ]
