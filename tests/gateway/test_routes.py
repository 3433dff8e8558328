"""Names that people may choose can never hide a page."""

from types import SimpleNamespace
from typing import Any

from contracts.words import RESERVED_PROJECT_SLUGS, RESERVED_WORKSPACE_NAMES
from gateway.routes import routes


def paths() -> list[list[str]]:
    site: Any = SimpleNamespace(endpoint=lambda handler, **_: handler, settings=None)
    return [route.path.strip("/").split("/") for route in routes(site)]


def test_no_project_can_take_the_place_of_a_page() -> None:
    first = {parts[0] for parts in paths() if parts[0] and not parts[0].startswith("{")}
    assert first <= RESERVED_PROJECT_SLUGS
    assert {"api", "static", "health", "live", "metrics"} <= RESERVED_PROJECT_SLUGS


def test_no_workspace_can_take_the_place_of_a_page_of_its_project() -> None:
    second = {
        parts[1]
        for parts in paths()
        if len(parts) > 1 and parts[0] == "{project}" and not parts[1].startswith("{")
    }
    assert second <= RESERVED_WORKSPACE_NAMES
