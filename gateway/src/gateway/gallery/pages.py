"""Every component with its variants."""

from kit import clock
from starlette.responses import Response

from gateway.gallery import forms, lists
from gateway.web.confirm import Confirmation, Reason, confirm
from gateway.web.errors import explain
from gateway.web.format import Pill, when
from gateway.web.frame import Crumb
from gateway.web.page import Page, redirect
from gateway.web.site import Site


class Gallery:
    def __init__(self, site: Site) -> None:
        self.site = site

    async def show(self, page: Page) -> Response:
        return self._show(page, forms.filled())

    async def send(self, page: Page) -> Response:
        """What every form does: rows are added and taken away, and a service is asked when all fits."""
        form = forms.Example(page.form)
        if not form.rearranged(page.form) and form.fits():
            with form.refusals():
                forms.ask_nobody(form)
                page.flash("succeeded", "Everything fits. This is an example, so nothing was kept.")
                return redirect("/ui-components#c-form")
        return self._show(page, form)

    def _show(self, page: Page, form: forms.Example) -> Response:
        pills = [Pill(*words) for words in _PILLS]
        crumbs = (Crumb("Components"),)
        return self.site.html(
            page,
            "gallery/gallery.html",
            "Components",
            form=form,
            crumbs=crumbs,
            pills=pills,
            wrong=forms.wrong(),
            list=lists.example(),
            at=when(clock.now(), clock.now()),
            refusals=[explain(status, "", logged_in=True) for status in (403, 410)],
        )

    async def ask(self, page: Page) -> Response:
        return confirm(self.site, page, _EXAMPLE, crumbs=_CRUMBS)

    async def confirmed(self, page: Page) -> Response:
        form = _EXAMPLE.form(page.form)
        if not form.fits():
            return confirm(self.site, page, _EXAMPLE, form, crumbs=_CRUMBS)
        page.flash("succeeded", "Confirmed. This is an example, so nothing was removed.")
        return redirect(_EXAMPLE.back)


_CRUMBS = (Crumb("Components", "/ui-components"), Crumb("Confirmation"))
_EXAMPLE = Confirmation(
    title="Remove Ada from the project?",
    happens=("She no longer sees its released files.", "What she has run stays."),
    verb="Remove Ada",
    address="/ui-components/confirmation/",
    back="/ui-components",
    reason=Reason(most=200, required="Say why.", hint="She reads it in an e-mail."),
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
