"""Workspaces."""

from starlette.routing import Route

from gateway.web.site import Site
from gateway.workspaces.pages import Workspaces


def routes(site: Site) -> list[Route]:
    workspaces, one = Workspaces(site), "/{project}/{workspace}"
    return [
        site.get("/workspaces/", workspaces.list),
        site.get(f"{one}/", workspaces.show),
        site.get(f"{one}/fragments/jobs/", workspaces.jobs),
        site.get(f"{one}/fragments/releases/", workspaces.releases),
        site.post(f"{one}/notifications-toggle/", workspaces.toggle_notifications),
        site.get(f"{one}/archive-toggle/", workspaces.ask_to_archive),
        site.post(f"{one}/archive-toggle/", workspaces.toggle_archive),
    ]
