"""What is measured: `./just bench` asks for every page and every call there is."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from testkit.apps import gateway_routes

from .conftest import ROOT

UNMEASURED = {
    "/complete/github/",  # needs a log-in under way at GitHub
    "/enter-your-name/",  # the same, of somebody without a name
    "/{project}/{workspace}/{request:int}/cancel/",  # asks about what runs; the confirmation is measured once
    "/{project}/{workspace}/{request:int}/{identifier}/cancel/",
}


def pattern(path: str) -> re.Pattern[str]:
    whole = re.sub(r"\{[^}]*:path\}", ".+", path)
    return re.compile(re.sub(r"\{[^}]*\}", "[^/]+", whole))


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The paths that are asked for with GET."""
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "load"))
    from asked import asked
    from single import rows

    stack: Any = SimpleNamespace(url="http://site", demo={"backend": {"token": "t"}})
    single = rows(stack.url, "", [(7, "load-workspace-1", 1, "abcd")], "01RELEASE", ["01FILE"])
    every = [text for each in (asked(stack, "") | single).values() for *_, text in each]
    found = {re.match(rb"GET (\S+) ", text) for text in every}
    return {match[1].decode().split("?")[0] for match in found if match}


def test_every_page_has_its_row(measured: set[str]) -> None:
    unasked = [
        path
        for method, path in gateway_routes()
        if method == "GET" and not any(pattern(path).fullmatch(asked) for asked in measured)
    ]
    assert set(unasked) == UNMEASURED
