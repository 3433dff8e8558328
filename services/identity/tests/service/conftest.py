"""The identity service on a real socket, with the sandbox's GitHub beside it."""

import getpass
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx
import projects.app
import projects.cli
import projects.settings
import pytest
import sandbox.app
from clients.identity import IdentityClient, LoginFinished
from contracts.base import Event, State
from contracts.statement import Claims
from identity.actions import rights, users
from identity.app import create
from identity.cli import commands
from identity.settings import Settings
from kit.db import Database
from kit.http import Client
from kit.tokens import TokenHasher
from messaging.envelope import opened
from messaging.uow import Units
from testkit.commands import Ran, run_command
from testkit.world import World, running

CALLBACK = "http://jobs.test/complete/github/"
OPERATOR = f"operator:{getpass.getuser()}"
TOKEN_KEYS = {"k2": "the new secret", "k1": "the old secret"}
HASHER = TokenHasher(TOKEN_KEYS)
OLD_HASHER = TokenHasher({"k1": TOKEN_KEYS["k1"]})


@dataclass
class GitHub:
    url: str
    home: Path

    def change(self, sql: str, *args: Any) -> None:
        """What its owner did to an account, behind everybody's back."""
        with closing(sqlite3.connect(self.home / "sandbox.sqlite3")) as store:
            store.execute(sql, args)
            store.commit()

    async def approve(self, authorize_url: str, login: str) -> dict[str, str]:
        """What GitHub sends the browser back with."""
        async with httpx.AsyncClient() as browser:
            answer = await browser.get(authorize_url, params={"login": login} | _query(authorize_url))
        assert answer.status_code == 302, answer.text
        assert answer.headers["location"].startswith(CALLBACK)
        return _query(answer.headers["location"])


def _query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@pytest.fixture(scope="session")
async def github(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[GitHub]:
    home = tmp_path_factory.mktemp("github")
    async with running(sandbox.app.create(home, smtp_port=0, token="t")) as url:
        yield GitHub(f"{url}/github", home)


@dataclass
class Projects:
    """The neighbour that owns projects."""

    url: str
    settings: dict[str, Any]

    async def make(self, slug: str) -> int:
        made = await run_command(projects.cli.commands, self.settings, "create_project", slug, "--json")
        assert made.code == 0, made.text
        return int(made.said["id"])


@pytest.fixture(scope="session")
async def neighbour(world: World) -> AsyncIterator[Projects]:
    world.migrate("projects")
    settings = world.settings("projects")
    async with running(projects.app.create(projects.settings.Settings(**settings))) as url:
        yield Projects(url, settings)


@pytest.fixture
async def owner(neighbour: Projects, world: World) -> Projects:
    """The projects service, without a project."""
    await world.clean("projects")
    return neighbour


@pytest.fixture(scope="session")
def settings(world: World, github: GitHub, neighbour: Projects) -> dict[str, Any]:
    world.migrate("identity")
    return world.settings(
        "identity",
        projects_url=neighbour.url,
        token_keys=TOKEN_KEYS,
        github_url=github.url,
        github_api_url=f"{github.url}/api",
        social_auth_github_key="sandbox",
        social_auth_github_secret="sandbox",
    )


@pytest.fixture(scope="session")
async def url(settings: dict[str, Any]) -> AsyncIterator[str]:
    async with running(create(Settings(**settings))) as url:
        yield url


@pytest.fixture(autouse=True)
async def clean(world: World, settings: dict[str, Any]) -> None:
    await world.clean("identity")


Speak = Callable[..., Client]


@pytest.fixture
async def speak(world: World, url: str) -> AsyncIterator[Speak]:
    """`speak(service="jobs")`, `speak(by=claims)` or `speak()` for nobody."""
    made: list[Client] = []

    def make(**who: Any) -> Client:
        made.append(world.client(url, **who))
        return made[-1]

    yield make
    for client in made:
        await client.close()


@pytest.fixture
def gateway(speak: Speak) -> IdentityClient:
    return IdentityClient(speak(service="gateway"))


@pytest.fixture
async def units(world: World, settings: dict[str, Any]) -> AsyncIterator[Units]:
    async with Database(world.url("identity")).opened() as database:
        yield Units(database, "identity", lambda: None)


MakeUser = Callable[..., Awaitable[int]]


@pytest.fixture
def make_user(units: Units) -> MakeUser:
    """An account with a GitHub identity; `roles` are global. Its id."""

    async def make(
        username: str, *, uid: str = "", email: str | None = None, roles: tuple[str, ...] = ()
    ) -> int:
        async with units() as uow:
            user = await users.register(
                uow,
                uid=uid or f"uid-{username}",
                login=username,
                username=username,
                fullname=username.title(),
                email=email,
                by="test",
            )
            user_id = user.id
        for role in roles:
            async with units() as uow:
                await rights.grant(uow, username, role, by="test")
        return user_id

    return make


LogIn = Callable[..., Awaitable[LoginFinished]]


@pytest.fixture
def log_in(gateway: IdentityClient, github: GitHub) -> LogIn:
    async def go(login: str, next_path: str = "/") -> LoginFinished:
        started = await gateway.start_login(next_path, CALLBACK)
        back = await github.approve(started.authorize_url, login)
        return await gateway.finish_login(back["state"], back["code"], started.browser, "Firefox")

    return go


Manage = Callable[..., Awaitable[Ran]]


@pytest.fixture
def manage(settings: dict[str, Any]) -> Manage:
    """An operator's command, with `--json`."""

    async def run(*words: str, lines: str | None = None) -> Ran:
        more = [] if words == ("batch",) else ["--json"]
        return await run_command(commands, settings, *words, *more, lines=lines)

    return run


async def claims_of(gateway: IdentityClient, session: str) -> Claims:
    found = (await gateway.session(session)).user
    assert found is not None
    return found


Message = TypeVar("Message", bound=Event | State)


async def said(world: World, kind: type[Message]) -> list[Message]:
    """Messages of that type in the outbox, the oldest first."""
    rows = await world.rows("identity", "select body from outbox order by id")
    messages = [opened(row["body"])[1] for row in rows]
    return [message for message in messages if isinstance(message, kind)]


async def trail(world: World) -> list[dict[str, Any]]:
    """What was written into the audit trail, the oldest first, without what is empty."""
    rows = await world.rows("identity", "select * from audit_events order by id")
    return [
        {name: value for name, value in row.items() if value not in ("", None) and name not in ("id", "at")}
        for row in rows
    ]


async def announced_and_audited(world: World) -> tuple[list[str], list[dict[str, Any]]]:
    return await world.announced("identity"), await trail(world)
