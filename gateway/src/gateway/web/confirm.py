"""What cannot be undone is confirmed first: by a page at the address that does it, or its dialog."""

from functools import cache
from typing import Any

import msgspec
from starlette.datastructures import FormData
from starlette.responses import Response

from gateway.web.fields import LongText
from gateway.web.forms import Form
from gateway.web.page import Page
from gateway.web.site import Site


class Reason(msgspec.Struct, frozen=True):
    """`required` is what is said when it is left out; empty when it may be."""

    most: int
    required: str = ""
    hint: str = ""


class Confirmation(msgspec.Struct, frozen=True):
    title: str
    happens: tuple[str, ...]  # in sentences
    verb: str
    address: str
    back: str  # where who thinks better of it goes
    hidden: tuple[tuple[str, str], ...] = ()
    reason: Reason | None = None

    def form(self, sent: FormData | None = None) -> Form:
        """Whose `reason` is the only thing that can be wrong."""
        return Form(sent) if self.reason is None else _form_with(self.reason)(sent)


class _Unconfirmed(Form):
    failed = "Nothing was done"


@cache
def _form_with(asked: Reason) -> type[Form]:
    field = LongText("Reason", id="confirm-reason", most=asked.most, required=asked.required, hint=asked.hint)
    return type("ReasonForm", (_Unconfirmed,), {"reason": field})


def confirm(site: Site, page: Page, asked: Confirmation, form: Form | None = None, **frame: Any) -> Response:
    """The page; with the form that was sent, when its reason was refused."""
    return site.html(page, "web/confirm.html", asked.title, form=form or asked.form(), asked=asked, **frame)
