"""The state of the backends."""

from starlette.routing import Route

from gateway.status.pages import Status
from gateway.web.site import Site


def routes(site: Site) -> list[Route]:
    status = Status(site)
    return [
        site.get("/status/", status.show),
        site.get("/status/fragments/cards/", status.cards),
    ]
