"""The gallery of components."""

from starlette.routing import Route

from gateway.gallery.pages import Gallery
from gateway.web.site import Site


def routes(site: Site) -> list[Route]:
    gallery = Gallery(site)
    return [
        site.get("/ui-components", gallery.show),
        site.post("/ui-components", gallery.send, anybody=True),
        site.get("/ui-components/confirmation/", gallery.ask),
        site.post("/ui-components/confirmation/", gallery.confirmed, anybody=True),
    ]
