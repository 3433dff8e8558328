"""Projects."""

from starlette.routing import Route

from gateway.projects.pages import Projects
from gateway.web.site import Site


def routes(site: Site) -> list[Route]:
    projects = Projects(site)
    return [
        site.get("/projects/", projects.list),
        site.get("/{project}/", projects.show),
    ]
