"""Yours or everybody's, one page of many, a filter by name: what a list's address says."""

from urllib.parse import urlencode

import msgspec

from gateway.web.page import Page


class Tab(msgspec.Struct, frozen=True):
    mine: bool
    number: int
    q: str

    @property
    def url(self) -> str:
        """The beginning of a page link of this list."""
        values = {**({} if self.mine else {"all": "1"}), **({"q": self.q} if self.q else {})}
        return "?" + (urlencode(values) + "&" if values else "")


def tab(page: Page) -> Tab:
    """Yours, unless nobody is logged in or everybody's were asked for (rulings 2.33)."""
    mine = page.caller.user is not None and page.query("all") != "1"
    number = page.query("page")
    return Tab(
        mine,
        int(number) if number.isdecimal() and 0 < int(number) < 10_000 else 1,
        page.query("q")[:100],
    )
