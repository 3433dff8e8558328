"""The site as a whole: its addresses are listed, its areas are kept apart."""

import re
import tomllib
from collections.abc import Callable
from typing import Any

from contracts.catalogue import SERVICES
from gateway.routes import AREAS
from testkit.apps import app_routes, gateway_routes

from .conftest import ROOT

ADDRESS = re.compile(r"\{[^}]*\}|<[^>]*>")


def shape(path: str) -> str:
    return ADDRESS.sub("*", path)


def listed_urls() -> dict[tuple[str, str], bool]:
    """(method, shape of the path) -> whether it is ticked."""
    text = (ROOT / "tests" / "contract" / "urls.md").read_text()
    rows = re.findall(r"^\| \[(x| )\] \| ([A-Z]+) \| `([^`]+)` \|", text, re.M)
    found = {(method, shape(path)): tick == "x" for tick, method, path in rows}
    assert len(found) == len(rows), "a URL is listed twice"
    return found


def test_every_page_of_the_gateway_is_listed_and_ticked() -> None:
    listed = listed_urls()
    assert [
        (method, path) for method, path in gateway_routes() if not listed.get((method, shape(path)))
    ] == []


def test_every_ticked_url_is_answered(service_app: Callable[[str], Any]) -> None:
    answered = {(method, shape(path)) for method, path in gateway_routes()}
    for name in SERVICES:
        routes = app_routes(service_app(name))
        answered |= {(method, shape(path)) for method, path in routes if path.startswith("/api/v2/")}
    front = ("/health-check/", "/health/live", "/health/ready", "/metrics", "/live", "/static/*")
    app = (ROOT / "gateway/src/gateway/app.py").read_text()
    answered |= {("GET", path) for path in front}
    assert '"/live"' in app
    assert '"/health-check/"' in app
    ticked = {url for url, tick in listed_urls().items() if tick}
    assert sorted(ticked - answered) == []


def test_every_public_api_call_that_is_answered_is_ticked(service_app: Callable[[str], Any]) -> None:
    listed = listed_urls()
    for name in SERVICES:
        for method, path in app_routes(service_app(name)):
            if path.startswith("/api/v2/") and (method, shape(path)) in listed:
                assert listed[method, shape(path)], path


def test_every_area_is_kept_apart_from_the_others() -> None:
    """The linter's contracts name each area that `routes.py` puts together."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    named = {contract["name"]: contract for contract in contracts}
    areas = {f"gateway.{area}" for area in AREAS}
    assert set(named["Areas of the site know nothing of each other"]["modules"]) == areas
    assert set(named["What areas share knows no area"]["forbidden_modules"]) == areas


def test_a_template_uses_those_of_its_own_area_and_the_shared_ones() -> None:
    found = {}
    for file in sorted((ROOT / "gateway/src/gateway").glob("*/templates/*.html")):
        area = file.parts[-3]
        used = re.findall(r'{% (?:extends|include|import) "([^"/]+)/', file.read_text())
        found[f"{area}/{file.name}"] = set(used) - {area, "web"}
    assert len(found) > 30
    assert {name: used for name, used in found.items() if used} == {}
