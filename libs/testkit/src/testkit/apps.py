"""Services' applications, made but never run: their settings and their routes."""

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from kit import keys
from starlette.routing import Route


def settings_class(name: str) -> Any:
    return importlib.import_module(f"{name}.settings").Settings


def service_app(name: str, storage: Path) -> Any:
    """With settings that lead nowhere; released files would lie in `storage`."""
    private, public = keys.new_pair()
    values: dict[str, Any] = {
        "database_url": "postgresql://nobody@127.0.0.1:1/nothing",
        "nats_url": "nats://127.0.0.1:1",
        "signing_key": private,
        "verify_keys": {"gateway": public},
        "token_keys": {"k1": "secret"},
        "rap_api_base_url": "http://127.0.0.1:1/",
        "rap_api_token": "token",
        "release_storage": str(storage),
    }
    settings = settings_class(name)
    wanted = {field: values[field] for field in settings.model_fields if field in values}
    return importlib.import_module(f"{name}.app").create(settings(**wanted))


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


def gateway_routes() -> list[tuple[str, str]]:
    """(method, path) of every page, in the order in which they are looked at."""
    routes = importlib.import_module("gateway.routes").routes
    site = SimpleNamespace(
        settings=None,
        get=lambda path, handler: Route(path, handler, methods=["GET"]),
        post=lambda path, handler, **_: Route(path, handler, methods=["POST"]),
    )
    return [(method, route.path) for route in routes(site) for method in (route.methods or set()) - {"HEAD"}]
