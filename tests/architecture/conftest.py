"""What the tests of the house's plan read."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from contracts.catalogue import SERVICES
from gateway.routes import routes

ROOT = Path(__file__).parents[2]
PROGRAMS = (*SERVICES, "gateway")


def gateway_routes() -> list[tuple[str, str]]:
    """(method, path) of every page."""
    site: Any = SimpleNamespace(endpoint=lambda handler, **_: handler, settings=None)
    return [(method, route.path) for route in routes(site) for method in (route.methods or set()) - {"HEAD"}]
