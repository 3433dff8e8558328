"""Every call that a typed client makes has a route in the service it speaks to."""

import importlib
import inspect
from collections.abc import Callable
from typing import Any, get_origin

import pytest
from clients.base import ServiceClient
from contracts.catalogue import SERVICES
from starlette.routing import compile_path
from testkit.apps import app_routes

SAMPLES: dict[Any, Any] = {str: "x", int: 1, bool: True, "str": "x", "int": 1}


class Asked(Exception):
    """What the client wanted to ask."""


class Recorder:
    """In the place of the HTTP client: the first call ends the method."""

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        async def ask(*words: Any, **_: Any) -> None:
            raise Asked(*(words if verb in {"request", "stream"} else (verb.upper(), *words)))

        return ask


def sample(parameter: inspect.Parameter) -> Any:
    kind = parameter.annotation
    if kind in SAMPLES:
        return SAMPLES[kind]
    if get_origin(kind) is list:
        return []
    return kind() if inspect.isclass(kind) else None


def methods(service: str) -> list[tuple[type[ServiceClient], str]]:
    module = importlib.import_module(f"clients.{service}")
    found = [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, ServiceClient) and f"{kind.__module__}.".startswith(f"{module.__name__}.")
    ]
    return [
        (kind, name)
        for kind in found
        for name, method in inspect.getmembers(kind, inspect.iscoroutinefunction)
        if not name.startswith("_") and method.__qualname__.startswith(kind.__name__)
    ]


EVERY = [(service, kind, name) for service in SERVICES for kind, name in methods(service)]


def test_there_are_clients() -> None:
    assert len(EVERY) > 30


@pytest.mark.parametrize(("service", "kind", "name"), EVERY, ids=[f"{s}.{n}" for s, _, n in EVERY])
async def test_a_call_of_a_client_has_its_route(
    service_app: Callable[[str], Any], service: str, kind: type[ServiceClient], name: str
) -> None:
    method = getattr(kind(Recorder()), name)  # type: ignore[arg-type]
    needed = [p for p in inspect.signature(method).parameters.values() if p.default is p.empty]
    positional = [sample(p) for p in needed if p.kind is not p.KEYWORD_ONLY]
    with pytest.raises(Asked) as asked:
        await method(*positional, **{p.name: sample(p) for p in needed if p.kind is p.KEYWORD_ONLY})
    verb, path = asked.value.args[:2]
    routes = app_routes(service_app(service))
    assert any(
        verb == one and compile_path(pattern)[0].match(path.split("?")[0]) for one, pattern in routes
    ), f"{verb} {path}"
