"""The gateway on a real socket, with neighbours that answer what a test tells them to."""

import html
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import gateway.web.render
import httpx
import jinja2
import msgspec
import pytest
from clients.identity import SessionInfo
from contracts.catalogue import SERVICES
from contracts.statement import Claims, Statement
from gateway.app import Gateway, create
from gateway.settings import Settings
from kit.identity import HEADER, Verifier
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from testkit.world import World, person, running

from .answers import ANSWERS

ROSA = person(
    1, "rosa", projects={"ProjectDeveloper": [1]}, memberships=[1], backends=["tpp"], roles=["TechSupport"]
)


_SAID = "It was refused."


class Neighbours:
    """All five services in one: `answers` maps "GET service/path" to a value, a status or a Response."""

    def __init__(self, verifier: Verifier) -> None:
        self.verifier = verifier
        self.answers: dict[str, Any] = {}
        self.people: dict[str, Claims] = {}
        self.asked: list[str] = []
        self.queries: list[str] = []
        self.sent: list[Any] = []
        self.callers: list[Statement] = []
        self.away = 0  # a status that everybody answers everything with

    def reset(self) -> None:
        self.answers = dict(ANSWERS)
        self.people = {"rosa-session": ROSA}
        self.asked, self.queries, self.sent, self.callers = [], [], [], []
        self.away = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await (await self._answer(Request(scope, receive)))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        what = f"{request.method} {request.url.path.strip('/')}"
        actor = self.verifier.verify(request.headers.get(HEADER, ""))
        assert actor is not None, "the gateway always says who is asking"
        body = await request.body()
        if self.away:
            return refused(status=self.away, detail=_SAID)
        if what == "POST identity/sessions/resolve":
            return _json(SessionInfo(user=self.people.get(msgspec.json.decode(body)["token"])))
        self.asked.append(what)
        self.queries.append(request.url.query)
        self.callers.append(actor.statement)
        if body and request.headers.get("content-type") == "application/json":
            with suppress(msgspec.DecodeError):  # what a backend's program sends may be anything
                self.sent.append(msgspec.json.decode(body))
        found = self.answers.get(what, 404)
        if isinstance(found, Response):
            return found
        if isinstance(found, int):
            return refused(status=found, detail=_SAID)
        return _json(found)


def refused(
    fields: dict[str, list[str]] | None = None, status: int = 400, detail: str = "No & no."
) -> Response:
    """A service's refusal, with a sentence for each field that is wrong."""
    body = {"detail": detail, "fields": fields or {}}
    return Response(msgspec.json.encode(body), status, media_type="application/problem+json")


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


@pytest.fixture(scope="session")
async def everybody(world: World) -> AsyncIterator[tuple[Neighbours, str]]:
    neighbours = Neighbours(Verifier(world.settings("gateway")["verify_keys"]))
    async with running(neighbours) as url:
        yield neighbours, url


@pytest.fixture
def neighbours(everybody: tuple[Neighbours, str]) -> Neighbours:
    everybody[0].reset()
    return everybody[0]


@pytest.fixture(scope="session")
async def gateway_app(world: World, everybody: tuple[Neighbours, str]) -> AsyncIterator[tuple[Gateway, str]]:
    places = {f"{service}_url": f"{everybody[1]}/{service}" for service in SERVICES}
    app = create(Settings(**world.settings("gateway", secret_key="secret", **places)))
    async with running(app) as url:
        yield app, url


@pytest.fixture
async def site(gateway_app: tuple[Gateway, str], neighbours: Neighbours) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who is not logged in; nothing is remembered of the tests before."""
    app, url = gateway_app
    app.callers.forget_everybody()
    app.site.forget_pages()
    async with httpx.AsyncClient(base_url=url) as client:
        yield client


@pytest.fixture
def rosa(site: httpx.AsyncClient) -> httpx.AsyncClient:
    """The same browser, logged in."""
    site.cookies.set("session_80", "rosa-session")
    return site


@pytest.fixture(scope="session")
def oracle() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(gateway.web.render.source),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@pytest.fixture(autouse=True)
def both_engines(monkeypatch: pytest.MonkeyPatch, oracle: jinja2.Environment) -> None:
    """Whatever a test has rendered, Jinja2 renders the same (ADR 10)."""
    ours = gateway.web.render.Renderer.render

    def render(self: gateway.web.render.Renderer, name: str, /, **values: Any) -> bytes:
        page = ours(self, name, **values)
        oracle.globals |= self.globals
        theirs = oracle.get_template(name).render(values)
        assert html.unescape(page.decode()) == html.unescape(theirs), name
        return page

    monkeypatch.setattr(gateway.web.render.Renderer, "render", render)


@pytest.fixture
def csrf() -> Callable[[str], str]:
    """The token of the forms on a page."""

    def find(page: str) -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
        assert found, "the page has a form"
        return found[1]

    return find


Csrf = Callable[[str], str]


async def token(rosa: httpx.AsyncClient, csrf: Csrf) -> str:
    """Of every form of the session."""
    return csrf((await rosa.get("/settings/")).text)
