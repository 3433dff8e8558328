"""Every page and its address: the reference's, because people have bookmarks."""

from importlib import import_module

from starlette.routing import Route

from gateway.web.site import Site

AREAS = ("home", "account", "projects", "workspaces", "runs", "releases", "status", "search", "gallery")


def routes(site: Site) -> list[Route]:
    """Of all areas; fixed first segments come before a project's slug, which could be any word."""
    found = [route for area in AREAS for route in import_module(f"gateway.{area}.routes").routes(site)]
    return sorted(found, key=lambda route: route.path.startswith("/{"))
