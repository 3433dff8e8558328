"""A fact that comes before what it is about: the owner is asked, then it is handled; not for ever."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import sqlalchemy as sa
from contracts.identity import UserLoggedIn
from messaging import consumer as consumers
from messaging.connection import connect, end
from messaging.consumer import Consumer
from messaging.envelope import encode
from messaging.owners import Owners, require
from messaging.subscriptions import Subscription
from messaging.topology import apply_to
from messaging.uow import UnitOfWork, Units
from nats.aio.client import Client
from testkit.waiting import eventually
from testkit.world import World

from .conftest import USERS, Copies, Owner, user

Begin = Callable[[], list[int]]


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    made = await connect(world.nats_url, "test")
    await apply_to(made.jetstream(timeout=5))
    await made.jetstream(timeout=5).purge_stream("IDENTITY")
    yield made
    await made.close()


@pytest.fixture
async def begin(
    world: World, keeper: Units, client: Client, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Begin]:
    """Consumes log-ins; answers the list of the tries of which each one misses the user it needs."""
    monkeypatch.setattr(consumers, "BACKOFF", (0.05, 0.05))
    owners = Owners(keeper, {"identity": world.client(owner_url, service="projects")})
    tasks: list[asyncio.Task[None]] = []
    missed: list[int] = []

    async def handle(uow: UnitOfWork, event: UserLoggedIn) -> None:
        known = await uow.session.scalar(sa.select(USERS.table.c.id).where(USERS.table.c.id == event.user_id))
        if known is None:
            missed.append(event.user_id)
        require((known, USERS, {"id": event.user_id}))

    def start() -> list[int]:
        wanted = Subscription("projects-log-ins", "IDENTITY", {UserLoggedIn: handle})
        tasks.append(asyncio.create_task(Consumer(wanted, keeper, client, owners).run()))
        return missed

    yield start
    await end(*tasks)
    await owners.close()


async def heard(client: Client, user_id: int) -> None:
    _, subject, body = encode("test", UserLoggedIn(user_id=user_id))
    await client.jetstream(timeout=5).publish(subject, body)


async def dead(world: World) -> list[str]:
    return [row["reason"] for row in await world.rows("projects", "select reason from dead_letters")]


async def test_what_a_fact_misses_is_asked_of_its_owner_and_the_fact_handled_at_once(
    client: Client, copies: Copies, owner: Owner, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "BACKOFF", (3600,))
    owner.things["user"] = [user(7)]
    missed = begin()
    await heard(client, 7)

    async def here() -> bool:
        return await copies.users() == [(7, 1, "User7")]

    await eventually(here)
    await heard(client, 7)  # handled after the first, which waits for no back-off
    await asyncio.sleep(0.3)
    assert missed == [7]
    assert len(owner.asked) == 1


async def test_what_nobody_knows_is_tried_a_few_times_and_is_then_a_dead_letter(
    world: World, client: Client, copies: Copies, owner: Owner, begin: Begin
) -> None:
    missed = begin()
    await heard(client, 8)

    async def given_up() -> bool:
        return len(await dead(world)) == 1

    await eventually(given_up)
    assert missed == [8, 8, 8]
    assert "identity.user" in (await dead(world))[0]


async def test_a_copy_that_never_suits_the_handler_is_no_endless_loop(
    world: World,
    client: Client,
    copies: Copies,
    owner: Owner,
    owner_url: str,
    keeper: Units,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The owner answers each time, and each time the handler misses it all the same."""
    monkeypatch.setattr(consumers, "BACKOFF", (0.05, 0.05))
    owner.things["user"] = [user(9)]
    asked: list[int] = []

    async def never(uow: UnitOfWork, event: UserLoggedIn) -> None:
        asked.append(event.user_id)
        require((None, USERS, {"id": event.user_id}))

    owners = Owners(keeper, {"identity": world.client(owner_url, service="projects")})
    wanted = Subscription("projects-never", "IDENTITY", {UserLoggedIn: never})
    task = asyncio.create_task(Consumer(wanted, keeper, client, owners).run())
    await heard(client, 9)

    async def given_up() -> bool:
        return len(await dead(world)) == 1

    await eventually(given_up)
    await end(task)
    await owners.close()
    assert asked == [9, 9, 9]
