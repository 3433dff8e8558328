"""The gallery of components."""

from starlette.routing import Route

from gateway.gallery.pages import Gallery
from gateway.web.site import Site


def routes(site: Site) -> list[Route]:
    return [site.get("/ui-components", Gallery(site).show)]
