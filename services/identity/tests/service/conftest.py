"""The identity service on a real socket, with the sandbox's GitHub beside it."""

import getpass
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import projects.app
import projects.settings
import pytest
import sandbox.app
from clients.identity import IdentityClient, LoginFinished
from contracts.projects import ProjectState
from contracts.statement import Claims
from identity import replicas
from identity.actions import backends, login_tokens, rights, users
from identity.app import create
from identity.cli import commands
from identity.settings import Settings
from kit.db import Database
from kit.tokens import TokenHasher
from messaging.replicas import write
from messaging.uow import UnitOfWork, Units
from testkit.commands import Ran, run_command
from testkit.plugin import Speak
from testkit.world import World, running

from .outside import CALLBACK, GitHub, Projects

OPERATOR = f"operator:{getpass.getuser()}"
TOKEN_KEYS = {"k2": "the new secret", "k1": "the old secret"}
HASHER = TokenHasher(TOKEN_KEYS)
OLD_HASHER = TokenHasher({"k1": TOKEN_KEYS["k1"]})


@pytest.fixture(scope="session")
async def github(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[GitHub]:
    home = tmp_path_factory.mktemp("github")
    async with running(sandbox.app.create(home, smtp_port=0, token="t")) as url:
        yield GitHub(f"{url}/github", home)


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


@pytest.fixture
def gateway(speak: Speak) -> IdentityClient:
    return IdentityClient(speak(service="gateway"))


@pytest.fixture(scope="session")
async def units(world: World, settings: dict[str, Any]) -> AsyncIterator[Units]:
    async with Database(world.url("identity")).lifespan() as database:
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
            for role in roles:
                await rights.grant(uow, username, role, by="test")
            return user.id

    return make


MakeBackend = Callable[[str], Awaitable[str]]


async def a_backend(uow: UnitOfWork, slug: str) -> str:
    return (await backends.create_backend(uow, HASHER, slug, "", by="test"))[1]


@pytest.fixture
def make_backend(units: Units) -> MakeBackend:
    """A backend; its token."""

    async def make(slug: str) -> str:
        async with units() as uow:
            return await a_backend(uow, slug)

    return make


@pytest.fixture
async def ready(make_user: MakeUser, units: Units) -> None:
    """The user rosa, the backend tpp, the org uni and the project study, each of them the first."""
    await make_user("rosa", roles=("OutputChecker",))
    async with units() as uow:
        await a_backend(uow, "tpp")
        await backends.create_org(uow, "uni", "", by="test")
        study = ProjectState(id=1, version=1, slug="study", name="Study")
        await write(uow.session, replicas.PROJECTS, [study])


@pytest.fixture
async def robot(make_user: MakeUser, world: World) -> str:
    """The personal token of a user robot, for 90 days."""
    user_id = await make_user("robot", roles=("ProjectCollaborator",))
    token = "ab" * 32 + "-2027-02-21"
    await world.rows(
        "identity",
        "insert into personal_tokens (user_id, token_hash, expires_at) values ($1, $2, now() + '90 days')",
        user_id,
        HASHER.hash(token),
    )
    return token


@pytest.fixture
def airlock(speak: Speak) -> IdentityClient:
    """As releases asks for it."""
    return IdentityClient(speak(service="releases"))


Issue = Callable[..., Awaitable[str]]


@pytest.fixture
def issue(units: Units) -> Issue:
    async def make(user_id: int = 1) -> str:
        return await login_tokens.issue(units, user_id, by="test", now=datetime.now(UTC))

    return make


@pytest.fixture
async def words(make_user: MakeUser, units: Units, issue: Issue) -> str:
    """Of jane, who may use the backend tpp."""
    await make_user("jane", email="jane@example.org")
    async with units() as uow:
        await a_backend(uow, "tpp")
        await rights.add_to_backend(uow, "jane", "tpp", by="test")
    return await issue()


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
