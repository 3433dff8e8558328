"""Every component with its variants."""

from kit import clock
from starlette.responses import Response

from gateway.gallery import forms
from gateway.web.format import Pill, when
from gateway.web.frame import Crumb
from gateway.web.page import Page
from gateway.web.site import Site


class Gallery:
    def __init__(self, site: Site) -> None:
        self.site = site

    async def show(self, page: Page) -> Response:
        pills = [Pill(*words) for words in _PILLS]
        crumbs = (Crumb("Components"),)
        return self.site.html(
            page,
            "gallery/gallery.html",
            "Components",
            crumbs=crumbs,
            pills=pills,
            filled=forms.filled(),
            wrong=forms.wrong(),
            at=when(clock.now(), clock.now()),
        )


_PILLS = (
    ("succeeded", "Succeeded", "check-circle"),
    ("running", "Running", "arrow-path"),
    ("waiting", "Waiting", "clock"),
    ("failed", "Failed", "x-circle"),
    ("blocked", "Blocked", "minus-circle"),
    ("cancelled", "Cancelled", "no-symbol"),
    ("idle", "Never run", "never"),
    ("paused", "Paused", "pause-circle"),
)
