"""Workspaces: the list, one of them, its switches."""

import asyncio

from kit import clock
from kit.errors import PermissionDenied
from starlette.responses import RedirectResponse, Response

from gateway.web.confirm import Confirmation, confirm
from gateway.web.csvfile import csv_file
from gateway.web.format import when
from gateway.web.frame import workspace_crumbs
from gateway.web.lists import Found, ListQuery, list_query, yours
from gateway.web.listview import list_view
from gateway.web.page import Page, redirect
from gateway.web.releaselines import release_lines
from gateway.web.runlines import run_lines
from gateway.web.site import Site, optional
from gateway.workspaces.listing import NONE_OF_YOURS, WORKSPACES, WorkspaceLine
from gateway.workspaces.views import action_cells, workspace_pill


class Workspaces:
    def __init__(self, site: Site) -> None:
        self.site = site

    async def list(self, page: Page) -> Response:
        by, mine = list_query(page, WORKSPACES), yours(page)

        async def fetch(by: ListQuery, size: int | None = None) -> Found:
            found = await page.services.projects.workspaces(
                mine=mine, page=by.page, q=by.get("q"), archived=by.get("archived"), sort=by.sort, limit=size
            )
            names = [row.name for row in found.rows]
            activity = await optional(page.services.jobs.last_activity(names)) if names else {}
            lines = [WorkspaceLine(row, (activity or {}).get(row.name)) for row in found.rows]
            return Found(lines, pages=found.pages)

        if page.query("format") == "csv":
            return await csv_file(WORKSPACES, by, fetch)
        view = list_view(WORKSPACES, by, await fetch(by), empty=NONE_OF_YOURS if mine else None)
        return self.site.html(
            page, "workspaces/workspaces.html", "Workspaces", nav="workspaces", list=view, mine=mine
        )

    async def show(self, page: Page) -> Response:
        name = page.path["workspace"]
        services = page.services
        found, jobs, releases = await asyncio.gather(
            services.projects.workspace(name),
            optional(services.jobs.workspace(name)),
            optional(services.releases.of_workspace(name)),
        )
        project, workspace = found.project, found.workspace
        if project.slug != page.path["project"]:
            return RedirectResponse(f"/{project.slug}/{workspace.name}/", 302)
        at = clock.now()
        url = f"/{project.slug}/{workspace.name}/"
        may_run = page.caller.may("job_run", project.id)
        has_backend = bool(page.caller.user and page.caller.user.backends)
        return self.site.html(
            page,
            "workspaces/workspace.html",
            workspace.name,
            nav="workspaces",
            crumbs=workspace_crumbs(project.slug, project.name, workspace.name),
            topics=f"workspace:{workspace.name}",
            url=url,
            project=project,
            workspace=workspace,
            created=when(workspace.created_at, at),
            run_refusal=_run_refusal(
                workspace.is_archived, may_run, has_backend, page.caller.user is not None
            ),
            may_notify=page.caller.may("workspace_toggle_notifications", project.id),
            may_archive=page.caller.may("workspace_archive", project.id),
            pill=workspace_pill(workspace.is_archived, jobs),
            jobs=jobs,
            cells=action_cells(jobs.actions, url, at) if jobs else [],
            current=run_lines(jobs.current, at) if jobs else [],
            recent=run_lines(jobs.recent, at) if jobs else [],
            releases=None if releases is None else release_lines(releases, url, at),
        )

    async def jobs(self, page: Page) -> Response:
        """The live part of the page."""
        name, project = page.path["workspace"], page.path["project"]
        jobs = await page.services.jobs.workspace(name)
        at, url = clock.now(), f"/{project}/{name}/"
        return self.site.fragment(
            page,
            "workspaces/jobs.html",
            url=url,
            pill=workspace_pill(False, jobs),
            cells=action_cells(jobs.actions, url, at),
            current=run_lines(jobs.current, at),
            recent=run_lines(jobs.recent, at),
            jobs=jobs,
        )

    async def releases(self, page: Page) -> Response:
        name, project = page.path["workspace"], page.path["project"]
        found = await page.services.releases.of_workspace(name)
        url = f"/{project}/{name}/"
        lines = release_lines(found, url, clock.now())
        return self.site.fragment(page, "workspaces/releases.html", releases=lines, url=url)

    async def toggle_notifications(self, page: Page) -> Response:
        on = str(page.form.get("should_notify", "")) in {"True", "true", "1", "on"}
        await page.services.projects.set_notifications(page.path["workspace"], on)
        page.flash(
            "succeeded", f"Runs in this workspace {'tell' if on else 'do not tell'} their author by default."
        )
        return redirect(f"/{page.path['project']}/{page.path['workspace']}/")

    async def ask_to_archive(self, page: Page) -> Response:
        page.need_login()
        found = await page.services.projects.workspace(page.path["workspace"])
        project, workspace = found.project, found.workspace
        if not page.caller.may("workspace_archive", project.id):
            raise PermissionDenied("Only developers of the project archive its workspaces.")
        url, archived = f"/{project.slug}/{workspace.name}/", workspace.is_archived
        asked = Confirmation(
            title=f"Use {workspace.name} again?" if archived else f"Archive {workspace.name}?",
            happens=(
                ("Jobs can be run in it again.",)
                if archived
                else ("No jobs can be run in an archived workspace.", "Nothing is deleted.")
            ),
            verb="Take out of the archive" if archived else "Archive",
            address=f"{url}archive-toggle/",
            back=url,
            hidden=(("is_archived", "" if archived else "True"),),
        )
        return confirm(
            self.site,
            page,
            asked,
            nav="workspaces",
            crumbs=workspace_crumbs(project.slug, project.name, workspace.name),
        )

    async def toggle_archive(self, page: Page) -> Response:
        on = str(page.form.get("is_archived", "")) in {"True", "true", "1", "on"}
        name = page.path["workspace"]
        await page.services.projects.set_archived(name, on)
        page.flash("succeeded", f"{name} was {'archived' if on else 'taken out of the archive'}.")
        return redirect(f"/{page.path['project']}/{name}/")


def _run_refusal(archived: bool, may_run: bool, has_backend: bool, logged_in: bool) -> str | None:
    """Why jobs cannot be run here by this caller (J4), or None."""
    if archived:
        return "This workspace is archived."
    if not logged_in:
        return "Log in to run jobs."
    if not may_run:
        return "Only developers of the project run jobs."
    return None if has_backend else "You have no access to a backend yet."
