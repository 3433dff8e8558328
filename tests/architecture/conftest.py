"""What the tests of the house's plan read: the programs, their settings, their routes."""

import importlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from contracts.catalogue import SERVICES
from gateway.routes import routes
from kit import keys

ROOT = Path(__file__).parents[2]
PROGRAMS = (*SERVICES, "gateway")


def settings_class(name: str) -> Any:
    return importlib.import_module(f"{name}.settings").Settings


@pytest.fixture(scope="session")
def service_app(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """A service's application, made but never run."""
    private, public = keys.new_pair()
    values: dict[str, Any] = {
        "database_url": "postgresql://nobody@127.0.0.1:1/nothing",
        "nats_url": "nats://127.0.0.1:1",
        "signing_key": private,
        "verify_keys": {"gateway": public},
        "token_keys": {"k1": "secret"},
        "rap_api_base_url": "http://127.0.0.1:1/",
        "rap_api_token": "token",
        "release_storage": str(tmp_path_factory.mktemp("releases")),
    }

    def make(name: str) -> Any:
        settings = settings_class(name)
        wanted = {field: values[field] for field in settings.model_fields if field in values}
        return importlib.import_module(f"{name}.app").create(settings(**wanted))

    return make


def gateway_routes() -> list[tuple[str, str]]:
    """(method, path) of every page."""
    site: Any = SimpleNamespace(endpoint=lambda handler: handler, settings=None)
    return [(method, route.path) for route in routes(site) for method in (route.methods or set()) - {"HEAD"}]


def app_routes(app: Any) -> list[tuple[str, str]]:
    """(method, path) of every route, those of included routers too."""
    found: list[tuple[str, str]] = []
    waiting = list(app.router.routes)
    while waiting:
        route = waiting.pop()
        if (included := getattr(route, "original_router", None)) is not None:
            waiting += included.routes
        elif path := getattr(route, "path", None):
            found += [(method, path) for method in getattr(route, "methods", None) or {"GET"}]
    return found
