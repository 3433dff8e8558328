"""Projects: the list, and one of them."""

import asyncio

from clients.jobs import RequestFilter
from kit import clock
from starlette.responses import Response

from gateway.projects.listing import NONE_OF_YOURS, PROJECTS
from gateway.web.csvfile import csv_file
from gateway.web.format import when
from gateway.web.frame import Crumb
from gateway.web.lists import Found, ListQuery, list_query, yours
from gateway.web.listview import list_view
from gateway.web.page import Page
from gateway.web.runlines import run_lines
from gateway.web.site import Site, optional


class Projects:
    def __init__(self, site: Site) -> None:
        self.site = site

    async def list(self, page: Page) -> Response:
        by, mine = list_query(page, PROJECTS), yours(page)

        async def fetch(by: ListQuery, size: int | None = None) -> Found:
            found = await page.services.projects.projects(
                mine=mine, page=by.page, q=by.get("q"), org=by.get("org"), sort=by.sort, limit=size
            )
            return Found(found.rows, pages=found.pages)

        if page.query("format") == "csv":
            return await csv_file(PROJECTS, by, fetch)
        view = list_view(PROJECTS, by, await fetch(by), empty=NONE_OF_YOURS if mine else None)
        return self.site.html(
            page, "projects/projects.html", "Projects", nav="projects", list=view, mine=mine
        )

    async def show(self, page: Page) -> Response:
        services = page.services
        found = await services.projects.project(page.path["project"])
        names = [w.name for w in found.workspaces]
        members, runs, activity = await asyncio.gather(
            optional(services.identity.members(found.project.id)),
            optional(services.jobs.requests(RequestFilter(project=found.project.slug))),
            optional(services.jobs.last_activity(names)),
        )
        at = clock.now()
        return self.site.html(
            page,
            "projects/project.html",
            found.project.name,
            nav="projects",
            crumbs=(Crumb("Projects", "/projects/"), Crumb(found.project.name)),
            project=found.project,
            workspaces=found.workspaces,
            members=members,
            runs=run_lines(runs.rows[:8], at) if runs else None,
            active={name: when(time, at) for name, time in (activity or {}).items()},
            created=when(found.project.created_at, at),
        )
