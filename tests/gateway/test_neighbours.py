"""The neighbours of these tests are as the real ones: every address they answer exists, in their own types."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.routing import compile_path
from testkit.apps import app_routes

from .answers import ANSWERS


@pytest.mark.parametrize("address", sorted(ANSWERS))
def test_every_canned_answer_has_its_route(service_app: Callable[[str], Any], address: str) -> None:
    method, _, place = address.partition(" ")
    service, _, path = place.partition("/")
    routes = app_routes(service_app(service))
    assert any(method == one and compile_path(pattern)[0].match(f"/{path}") for one, pattern in routes)
