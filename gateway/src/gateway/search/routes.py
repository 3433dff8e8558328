"""The header's search, and short addresses of people."""

from starlette.routing import Route

from gateway.search.pages import Search
from gateway.web.site import Site


def routes(site: Site) -> list[Route]:
    search = Search(site)
    return [
        site.get("/search/", search.show),
        site.get("/users/{username}/", search.user),
        site.get("/staff/users/{username}/", search.user),  # where issues and Slack messages lead
    ]
