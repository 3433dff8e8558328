"""The event log, and the same list for one workspace."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext

from clients.jobs import Choices, RequestFilter
from contracts.statuses import display
from kit import clock
from starlette.responses import JSONResponse, RedirectResponse, Response

from gateway.runs.listing import RUNS, options
from gateway.runs.request_view import request_url
from gateway.web.csvfile import csv_file
from gateway.web.format import ICONS
from gateway.web.frame import Crumb, workspace_crumbs
from gateway.web.lists import Found, ListQuery, find, list_query
from gateway.web.listview import list_view
from gateway.web.page import Page, integer
from gateway.web.remembered import Remembered
from gateway.web.runlines import run_lines
from gateway.web.site import Site

_STATES = ("active", "pending", "running", "succeeded", "failed", "cancelled", "nothing_to_do", "unknown")
_CHOICES_SECONDS = 10.0


class Log:
    def __init__(self, site: Site) -> None:
        self.site = site
        self._choices: Remembered[Choices] = Remembered(_CHOICES_SECONDS)

    async def _page(self, page: Page, by: ListQuery, limit: int | None = None) -> Found:
        """A workspace's own list has that filter fixed. Searches are heavy, so each takes a turn."""
        of = RequestFilter(
            **dict(by.filters), of=page.path.get("workspace"), before=by.before, after=by.after, limit=limit
        )
        with self.site.searches.one(page.who) if of.q else nullcontext():
            found = await page.services.jobs.requests(of)
        return Found(found.rows, older=found.older, newer=found.newer, counts=found.counts)

    async def _list(
        self, page: Page, title: str, crumbs: Sequence[Crumb], *, archived: bool = False
    ) -> Response:
        by = list_query(page, RUNS)
        if page.query("format") == "csv":
            return await csv_file(RUNS, by, lambda part, size: self._page(page, part, size))
        workspace = page.path.get("workspace")
        found = await find(self._page(page, by))
        exists = options(await self._choices.get(page.services.jobs.choices))
        view = list_view(
            RUNS, by, found, options=exists, fixed=("workspace", "project", "org") if workspace else ()
        )
        return self.site.html(
            page,
            "runs/log.html",
            title,
            status=400 if found.faults else 200,
            nav="runs",
            crumbs=crumbs,
            topics=f"workspace:{workspace}" if workspace else "runs",
            heading=title,
            archived=archived,
            list=view,
            rows=run_lines(view.rows, clock.now()),
            place="workspace" if workspace else "log",
            chips=[] if found.faults else _chips(by, found.counts),
            fixed=workspace,
            source="" if found.faults else f"{by.path}fragments/rows/?{page.request.url.query}",
        )

    async def event_log(self, page: Page) -> Response:
        return await self._list(page, "Runs", (Crumb("Runs"),))

    async def rows(self, page: Page) -> Response:
        """The live part of the list, with the same filters."""
        by = list_query(page, RUNS)
        found = await find(self._page(page, by))
        return self.site.fragment(
            page,
            RUNS.table,
            list=list_view(RUNS, by, found),
            rows=run_lines(found.rows, clock.now()),
            place="workspace" if page.path.get("workspace") else "log",
        )

    async def choices(self, page: Page) -> Response:
        """What of a kind has this text in its name, for fields that look it up while one types."""
        kind, text = page.path["kind"], page.query("q")[:100]
        found = await page.services.jobs.find_choices(kind, text) if text else []
        return JSONResponse([{"value": one.value, "label": one.label} for one in found])

    async def to_event_log(self, page: Page) -> Response:
        return RedirectResponse("/event-log/", 301)

    async def job_by_id(self, page: Page) -> Response:
        found = await page.services.jobs.job(page.path["identifier"])
        url = f"/{found.project_slug}/{found.workspace}/{found.request_id}/{found.identifier}/"
        return RedirectResponse(url, 302)

    async def request_by_id(self, page: Page) -> Response:
        found = await page.services.jobs.request(integer(page.path["request"]))
        return RedirectResponse(request_url(found), 302)

    async def of_workspace(self, page: Page) -> Response:
        name = page.path["workspace"]
        found = await page.services.projects.workspace(name)
        project = found.project
        if project.slug != page.path["project"]:
            return RedirectResponse(f"/{project.slug}/{name}/logs/", 302)
        crumbs = (*workspace_crumbs(project.slug, project.name, name), Crumb("Runs"))
        return await self._list(page, f"Runs of {name}", crumbs, archived=found.workspace.is_archived)


def _chips(by: ListQuery, counts: Mapping[str, int]) -> list[tuple[str, str, str, str, bool]]:
    """(url, word, count, icon, current) for each state; counts look at the newest thousand."""
    state = by.get("state")
    total = sum(counts.values())
    all_of_them = _bounded(total) if total or not by.get("q") else ""
    chips = [(by.url(state=""), "All", all_of_them, "", not state)]
    active = sum(counts.get(s, 0) for s in ("pending", "running", "unknown", "unknown_error_creating_jobs"))
    for one in _STATES:
        count = active if one == "active" else counts.get(one, 0)
        if not count and state != one:
            continue
        word, icon = ("Under way", "arrow-path") if one == "active" else _word(one)
        chips.append((by.url(state=one), word, _bounded(count), icon, state == one))
    return chips


def _word(state: str) -> tuple[str, str]:
    shown = display(state)
    return shown.word, ICONS.get(shown.state, "never")


def _bounded(count: int) -> str:
    return "1,000+" if count >= 1000 else str(count)
