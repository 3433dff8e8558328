"""Every address that the canned neighbours answer exists at the real ones."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.routing import compile_path
from testkit.apps import app_routes

from ..answers import ANSWERS


@pytest.mark.parametrize("address", sorted(ANSWERS))
def test_every_canned_answer_has_its_route(service_app: Callable[[str], Any], address: str) -> None:
    method, _, place = address.partition(" ")
    service, _, path = place.partition("/")
    routes = app_routes(service_app(service))
    assert any(method == one and compile_path(pattern)[0].match(f"/{path}") for one, pattern in routes)
