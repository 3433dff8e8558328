"""The releases service on a real socket, called as the gateway calls it."""

import base64
import hashlib
import shutil
from collections.abc import AsyncIterable, AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import identity.app
import identity.settings
import pytest
from contracts.statement import Claims
from fastapi import FastAPI
from identity.actions import backends, login_tokens, rights, users
from kit.app import Service
from kit.db import Database
from kit.identity import HEADER
from kit.tokens import TokenHasher
from messaging.replicas import write
from messaging.uow import Units
from releases.app import create
from releases.settings import Settings
from testkit.world import World, running

from .known import KNOWN, OTIS

BASE = "http://jobs.test"
RELEASE = "01M84KHD5VWA43R0YC5XND2PXV"
TOKEN_KEYS = {"k1": "secret"}
LIMIT = 16 * 1024 * 1024


def listed(name: str, content: bytes, **other: Any) -> dict[str, Any]:
    """A file as Airlock lists it when it creates a release."""
    return {
        "name": name,
        "url": name,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "date": "2026-11-23T16:24:00.963669+00:00",
        "metadata": {"tool": "airlock", "airlock_id": RELEASE},
        "review": None,
        **other,
    }


def release_of(*files: dict[str, Any], release: str = RELEASE, **other: Any) -> dict[str, Any]:
    metadata = {"tool": "airlock", "airlock_id": release}
    return {"files": list(files), "metadata": metadata, "review": None, **other}


@dataclass
class Airlock:
    """Calls as the gateway passes them on: a statement for the token, one header in base64."""

    world: World
    client: httpx.AsyncClient

    def says(self, backend: str | None = "tpp", acting: Claims | None = OTIS) -> dict[str, str]:
        statement = self.world.signer().sign(kind="backend", backend=backend, acting=acting)
        return {HEADER: statement, "Accept": "application/json"}

    async def post(
        self,
        path: str,
        *,
        backend: str | None = "tpp",
        acting: Claims | None = OTIS,
        headers: dict[str, str] | None = None,
        **body: Any,
    ) -> httpx.Response:
        sent = self.says(backend, acting) | (headers or {})
        return await self.client.post(f"/api/v2/{path}", headers=sent, **body)

    async def create(self, *files: tuple[str, bytes], release: str = RELEASE, **how: Any) -> httpx.Response:
        body = release_of(*(listed(name, content) for name, content in files), release=release)
        workspace = how.pop("workspace", "study-ws")
        return await self.post(f"releases/workspace/{workspace}", json=body, **how)

    async def upload(
        self,
        name: str | bytes,
        content: bytes | AsyncIterable[bytes],
        *,
        release: str = RELEASE,
        disposition: bytes | None = None,
        **how: Any,
    ) -> httpx.Response:
        """An iterable is sent chunked, without a length."""
        raw = name if isinstance(name, bytes) else name.encode("latin-1")
        disposition = b'attachment; filename="%b"' % raw if disposition is None else disposition
        headers = {
            "Content-Type": "application/octet-stream",
            "X-Raw-Disposition": base64.b64encode(disposition).decode(),
        }
        if isinstance(content, bytes):
            headers["X-Declared-Length"] = str(len(content))
        headers |= how.pop("headers", {})
        return await self.post(f"releases/release/{release}", content=content, headers=headers, **how)

    async def event(self, event_type: str, **more: Any) -> httpx.Response:
        headers = more.pop("headers", {})
        body = {
            "event_type": event_type,
            "workspace": "study-ws",
            "request": RELEASE,
            "request_author": "rosa",
            "user": "otis",
            "updates": None,
        }
        return await self.post("airlock/events/", json=body | more, headers=headers)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("released")


@pytest.fixture(scope="session")
async def identity_url(world: World) -> AsyncIterator[str]:
    world.migrate("identity")
    settings = identity.settings.Settings(**world.settings("identity", token_keys=TOKEN_KEYS))
    async with running(identity.app.create(settings)) as url:
        yield url


@dataclass
class Projects:
    """The neighbour that owns workspaces: what it knows, and what it was asked."""

    url: str = ""
    states: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
async def neighbour() -> AsyncIterator[Projects]:
    here, app = Projects(), FastAPI()

    @app.get("/state/{thing}")
    async def state(thing: str, name: str = "", id: int = 0) -> list[dict[str, Any]]:  # noqa: A002
        here.asked.append(thing)
        return [one for one in here.states.get(thing, []) if one["id"] == id or one["name"] == name]

    async with running(app) as url:
        here.url = url
        yield here


@pytest.fixture
def projects(neighbour: Projects) -> Projects:
    neighbour.states, neighbour.asked = {}, []
    return neighbour


@pytest.fixture(scope="session")
def settings(world: World, folder: Path, identity_url: str, neighbour: Projects) -> dict[str, Any]:
    world.migrate("releases")
    neighbours = {"identity_url": identity_url, "projects_url": neighbour.url}
    return world.settings("releases", release_storage=str(folder), base_url=BASE, **neighbours)


@pytest.fixture(scope="session")
def app(settings: dict[str, Any]) -> Service:
    return create(Settings(**settings))


@pytest.fixture(scope="session")
async def url(app: Service) -> AsyncIterator[str]:
    async with running(app) as url:
        yield url


@pytest.fixture(scope="session")
async def units(world: World, settings: dict[str, Any]) -> AsyncIterator[Units]:
    async with Database(world.url("releases")).lifespan() as database:
        yield Units(database, "releases", lambda: None)


@pytest.fixture(autouse=True)
async def clean(world: World, units: Units, folder: Path) -> None:
    """No release and no bytes; two projects, a workspace in each, and three people."""
    await world.clean("releases")
    empty(folder)
    async with units() as uow:
        for replica, states in KNOWN:
            await write(uow.session, replica, states)


@pytest.fixture(scope="session")
async def http(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        yield client


@pytest.fixture
def airlock(world: World, http: httpx.AsyncClient, app: Service) -> Airlock:
    app.state.owners.forget_misses()
    return Airlock(world, http)


@dataclass
class People:
    """Accounts at identity."""

    units: Units
    token: str  # of the backend tpp

    async def make(
        self, name: str, *roles: str, fullname: str = "", backend: bool = True, email: str | None = None
    ) -> int:
        async with self.units() as uow:
            user = await users.register(
                uow,
                uid=f"uid-{name}",
                login=name,
                username=name,
                fullname=fullname or name.title(),
                email=email,
                by="t",
            )
        for role in roles:
            async with self.units() as uow:
                await rights.grant(uow, name, role, by="t")
        if backend:
            async with self.units() as uow:
                await rights.add_to_backend(uow, name, "tpp", by="t")
        return user.id

    async def join(self, name: str, project_id: int, *roles: str) -> None:
        async with self.units() as uow:
            await rights.add_member(uow, project_id, name, list(roles), by="t")

    async def words(self, user_id: int) -> str:
        return await login_tokens.issue(self.units, user_id, by="t", now=datetime.now(UTC))


@pytest.fixture
async def people(world: World, identity_url: str) -> AsyncIterator[People]:
    await world.clean("identity")
    async with Database(world.url("identity")).lifespan() as database:
        units = Units(database, "identity", lambda: None)
        async with units() as uow:
            _, token = await backends.create_backend(uow, TokenHasher(TOKEN_KEYS), "tpp", "TPP", by="t")
        yield People(units, token)


Ask = Callable[..., Any]


@pytest.fixture
def ask(world: World, http: httpx.AsyncClient) -> Ask:
    """`await ask(path, person)` as a logged-in person, or as nobody; `kind` says another credential."""

    async def get(path: str, by: Claims | None = None, **how: Any) -> httpx.Response:
        headers = how.pop("headers", {})
        said = {"kind": "session" if by else "anonymous", "user": by} | how
        return await http.get(path, headers={HEADER: world.signer().sign(**said)} | headers)

    return get


def empty(folder: Path) -> None:
    for left in folder.iterdir():
        shutil.rmtree(left)


def stored(folder: Path) -> list[str]:
    """Keys of everything in the storage."""
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def blob(content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    return f"{digest[:2]}/{digest}"


async def in_pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def arrived(world: World) -> list[str]:
    """Names of the files whose bytes are said to be here."""
    rows = await world.rows(
        "releases", "select name from release_files where uploaded_at is not null order by name"
    )
    return [row["name"] for row in rows]
