"""Backends and their state."""

from kit import clock
from starlette.responses import Response

from gateway.web.backends import backend_cards
from gateway.web.frame import Crumb
from gateway.web.page import Page
from gateway.web.site import Site


class Status:
    def __init__(self, site: Site) -> None:
        self.site = site

    async def show(self, page: Page) -> Response:
        cards = backend_cards(await page.services.jobs.backends(), clock.now())
        crumbs = (Crumb("Status"),)
        return self.site.html(
            page, "status/status.html", "Status", nav="status", crumbs=crumbs, topics="status", cards=cards
        )

    async def cards(self, page: Page) -> Response:
        cards = backend_cards(await page.services.jobs.backends(), clock.now())
        return self.site.fragment(page, "status/backend_cards.html", cards=cards)
