"""Home and its parts that change."""

from starlette.routing import Route

from gateway.home.pages import Home
from gateway.web.site import Site


def routes(site: Site) -> list[Route]:
    home = Home(site)
    return [
        site.get("/", home.show),
        site.get("/fragments/runs/", home.runs),
        site.get("/fragments/attention/", home.attention),
        site.get("/fragments/releases/", home.releases),
    ]
