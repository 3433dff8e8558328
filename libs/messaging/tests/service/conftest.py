"""An owner of users and organisations that says what a test tells it, and a service that keeps copies."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from contracts.base import State
from contracts.identity import OrgState, UserState
from kit import cli
from kit.db import Database
from kit.errors import Unavailable
from kit.settings import ServiceSettings
from messaging import states
from messaging.commands import register
from messaging.replicas import Replica
from messaging.runtime import Runtime, create_app
from messaging.states import Source
from messaging.subscriptions import Subscription
from messaging.uow import Units
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from testkit.commands import Ran, run_command
from testkit.world import World, running


def _known(name: str, *columns: sa.Column[Any]) -> sa.Table:
    kept = [sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("version", sa.BigInteger)]
    return sa.Table(name, sa.MetaData(), *kept, *columns)


_USERS = _known("known_users", sa.Column("username", sa.Text), sa.Column("fullname", sa.Text))
_ORGS = _known(
    "known_orgs",
    sa.Column("slug", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("github_orgs", ARRAY(sa.Text)),
)
USERS = Replica(UserState, _USERS)
ORGS = Replica(OrgState, _ORGS)


def user(number: int, fullname: str = "", *, version: int = 1, deleted: bool = False) -> UserState:
    name = f"user{number}"
    return UserState(
        id=number, version=version, username=name, fullname=fullname or name.title(), deleted=deleted
    )


def org(number: int, name: str = "Org", *, version: int = 1) -> OrgState:
    return OrgState(id=number, version=version, slug=f"org{number}", name=name, github_orgs=["a", "b"])


class Owner:
    """`things` is what it owns; `trouble` is raised instead of the answer to a question after that id."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.things: dict[str, list[State]] = {"user": [], "org": []}
        self.asked: list[tuple[str, int, dict[str, str]]] = []
        self.trouble: dict[tuple[str, int], float | None] = {}

    def source(self, thing: str) -> Source:
        async def found(_: AsyncSession, after: int, limit: int, key: Mapping[str, str]) -> Sequence[State]:
            self.asked.append((thing, after, dict(key)))
            if (thing, after) in self.trouble:
                if (seconds := self.trouble[thing, after]) is None:
                    raise Unavailable("The owner has a bad day.")
                await asyncio.sleep(seconds)
            matching = [
                state
                for state in sorted(self.things[thing], key=lambda state: state.id)
                if state.id > after and all(str(getattr(state, name)) == key[name] for name in key)
            ]
            return matching[:limit]

        return found


@pytest.fixture(scope="session")
async def _running_owner(world: World) -> AsyncIterator[tuple[Owner, str]]:
    world.migrate("identity")
    owner = Owner()
    router = states.router({thing: owner.source(thing) for thing in ("user", "org")})
    app = create_app("identity", ServiceSettings(**world.settings("identity")), [router])
    async with running(app) as url:
        yield owner, url


@pytest.fixture
def owner(_running_owner: tuple[Owner, str]) -> Owner:
    _running_owner[0].reset()
    return _running_owner[0]


@pytest.fixture
def owner_url(_running_owner: tuple[Owner, str]) -> str:
    return _running_owner[1]


class Copies:
    """What stands in the tables of the service that keeps copies."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def users(self) -> list[tuple[int, int, str]]:
        rows = await self._world.rows("projects", "select id, version, fullname from known_users order by id")
        return [tuple(row) for row in rows]

    async def orgs(self) -> list[tuple[int, int, str]]:
        rows = await self._world.rows("projects", "select id, version, name from known_orgs order by id")
        return [tuple(row) for row in rows]


@pytest.fixture
async def copies(world: World) -> Copies:
    """Empty."""
    world.migrate("projects")
    await world.clean("projects")
    return Copies(world)


@pytest.fixture
async def keeper(world: World, copies: Copies) -> AsyncIterator[Units]:
    """Units of work of the service that keeps copies."""
    async with Database(world.url("projects")).lifespan() as database:
        yield Units(database, "projects", lambda: None)


Operate = Callable[..., Awaitable[Ran]]


@pytest.fixture
def operate(world: World, copies: Copies, owner_url: str) -> Operate:
    """A command of the service that keeps copies; `more` replaces settings."""
    settings = world.settings("projects", identity_url=owner_url)

    async def run(
        *words: str,
        sources: Mapping[str, Source] | None = None,
        subscriptions: Sequence[Subscription] = (),
        **more: Any,
    ) -> Ran:
        commands = cli.app("Keeps copies.")
        register(
            commands,
            lambda: Runtime("projects", ServiceSettings()),
            replicas=(USERS, ORGS),
            sources=sources,
            subscriptions=subscriptions,
        )
        return await run_command(commands, settings | more, *words)

    return run
