"""The event log, and the same list for one workspace."""

from collections.abc import Sequence
from urllib.parse import urlencode

from clients.jobs import RequestFilter, RequestList
from contracts.statuses import display
from kit import clock
from starlette.responses import RedirectResponse, Response

from gateway.runs.request_view import request_url
from gateway.web.format import ICONS
from gateway.web.frame import Crumb
from gateway.web.page import Page, integer
from gateway.web.runlines import run_lines
from gateway.web.site import Site

_STATES = ("active", "pending", "running", "succeeded", "failed", "cancelled", "nothing_to_do", "unknown")
_FILTERS = ("state", "backend", "org", "project", "workspace", "person", "since", "q")


def _number(text: str) -> int | None:
    return integer(text) if text else None


def _chosen(page: Page) -> dict[str, str]:
    return {name: page.query(name)[:100] for name in _FILTERS if page.query(name)}


async def _asked(site: Site, page: Page, chosen: dict[str, str], workspace: str | None) -> RequestList:
    """A workspace's own list has that filter fixed."""
    fixed = {"workspace": workspace} if workspace else {}
    before, after = _number(page.query("before")), _number(page.query("after"))
    by = RequestFilter(**chosen | fixed, before=before, after=after)
    if not by.q:
        return await page.services.jobs.requests(by)
    with site.searches.one(page.who):
        return await page.services.jobs.requests(by)


async def _filtered(
    site: Site,
    page: Page,
    title: str,
    crumbs: Sequence[Crumb],
    *,
    workspace: str | None = None,
    archived: bool = False,
) -> Response:
    """Filters stand in the URL."""
    chosen = _chosen(page)
    found = await _asked(site, page, chosen, workspace)
    path = page.request.url.path
    names = {backend.slug: backend.name for backend in found.backends}
    return site.html(
        page,
        "runs/log.html",
        title,
        nav="runs",
        crumbs=crumbs,
        topics=f"workspace:{workspace}" if workspace else "runs",
        heading=title,
        archived=archived,
        rows=run_lines(found.rows, clock.now()),
        place="workspace" if workspace else "log",
        filtered=bool(chosen),
        chips=_chips(path, chosen, found.counts),
        applied=[
            (name, names.get(value, value) if name == "backend" else value, _link(path, chosen, name))
            for name, value in chosen.items()
            if name != "state"
        ],
        chosen={name: chosen.get(name, "") for name in _FILTERS},
        backends=[(b.slug, b.name) for b in found.backends],
        fixed=workspace,
        newer=_page(path, chosen, "after", found.newer),
        older=_page(path, chosen, "before", found.older),
        source=f"{path}fragments/rows/?{page.request.url.query}",
        path=path,
    )


def _chips(
    path: str, chosen: dict[str, str], counts: dict[str, int]
) -> list[tuple[str, str, str, str, bool]]:
    """(url, word, count, icon, current) for each state; counts look at the newest thousand."""
    total = sum(counts.values())
    all_of_them = _bounded(total) if total or "q" not in chosen else ""
    chips = [(_link(path, chosen, "state"), "All", all_of_them, "", "state" not in chosen)]
    active = sum(counts.get(s, 0) for s in ("pending", "running", "unknown", "unknown_error_creating_jobs"))
    for state in _STATES:
        count = active if state == "active" else counts.get(state, 0)
        if not count and chosen.get("state") != state:
            continue
        word, icon = ("Under way", "arrow-path") if state == "active" else _word(state)
        url = path + "?" + urlencode({**chosen, "state": state})
        chips.append((url, word, _bounded(count), icon, chosen.get("state") == state))
    return chips


def _word(state: str) -> tuple[str, str]:
    shown = display(state)
    return shown.word, ICONS.get(shown.state, "never")


def _bounded(count: int) -> str:
    return "1,000+" if count >= 1000 else str(count)


def _link(path: str, chosen: dict[str, str], without: str) -> str:
    rest = {name: value for name, value in chosen.items() if name != without}
    return path + ("?" + urlencode(rest) if rest else "")


def _page(path: str, chosen: dict[str, str], name: str, cursor: int | None) -> str:
    return "" if cursor is None else path + "?" + urlencode({**chosen, name: cursor})


class Log:
    def __init__(self, site: Site) -> None:
        self.site = site

    async def event_log(self, page: Page) -> Response:
        return await _filtered(self.site, page, "Runs", (Crumb("Runs"),))

    async def rows(self, page: Page) -> Response:
        """The live part of the list, with the same filters."""
        chosen, workspace = _chosen(page), page.path.get("workspace")
        found = await _asked(self.site, page, chosen, workspace)
        return self.site.fragment(
            page,
            "web/run_table.html",
            rows=run_lines(found.rows, clock.now()),
            place="workspace" if workspace else "log",
            filtered=bool(chosen),
        )

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
        crumbs = (
            Crumb("Projects", "/projects/"),
            Crumb(project.name, f"/{project.slug}/"),
            Crumb(name, f"/{project.slug}/{name}/"),
            Crumb("Runs"),
        )
        archived = found.workspace.is_archived
        return await _filtered(self.site, page, f"Runs of {name}", crumbs, workspace=name, archived=archived)
