"""Whatever lies in a stream, a consumer goes on: what can be handled is, the rest is a dead letter."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from uuid import uuid4

import msgspec
import pytest
from contracts.base import Event, State
from contracts.catalogue import FACTS, STATES
from contracts.identity import OrgState, UserLoggedIn, UserState
from hypothesis import given
from hypothesis import strategies as st
from messaging import consumer as consumers
from messaging.connection import connect, end
from messaging.consumer import Consumer
from messaging.envelope import Envelope, Unreadable, decode, encode
from messaging.replicas import subscription
from messaging.subscriptions import Subscription
from messaging.topology import apply_to
from messaging.uow import UnitOfWork, Units
from nats.aio.client import Client
from testkit.waiting import eventually
from testkit.world import World

from .conftest import ORGS, USERS, Copies, org, user

SUBJECT = UserLoggedIn.subject
ENVELOPE = (
    b'{"specversion":"1.0","id":"%s","source":"/test","type":"%s","time":"2026-01-01T00:00:00Z",'
    b'"subject":"1","data":%s}'
)


def envelope(data: bytes, kind: str = SUBJECT) -> bytes:
    return ENVELOPE % (str(uuid4()).encode(), kind.encode(), data)


NESTED = b"[" * 100_000 + b"]" * 100_000
ODD = {
    "empty": b"",
    "not JSON": b"\x00\xff<html>",
    "not an object": b"[1, 2]",
    "of no known type": envelope(b"{}", "no.such.event"),
    "without data": envelope(b"null"),
    "of another shape": envelope(b'{"user_id": "one"}'),
    "nested without end": envelope(b'{"user_id": 1, "more": ' + NESTED + b"}"),
    "nested beside its data": envelope(b'{"user_id": 1}')[:-1] + b',"more":' + NESTED + b"}",
    "not UTF-8": envelope(b'{"user_id": 1}').replace(b'"/test"', b'"\xff"'),
    "a surrogate": envelope(b'{"user_id": 1}').replace(b'"/test"', b'"\\ud800"'),
    "a number no column takes": envelope(b'{"user_id": 99999999999999999999}'),
    "as large as the broker takes": b"x" * 1_000_000,
}


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    """Of a broker with empty streams."""
    made = await connect(world.nats_url, "test")
    await apply_to(made.jetstream(timeout=5))
    for stream in ("IDENTITY", "STATE"):
        await made.jetstream(timeout=5).purge_stream(stream)
    yield made
    await made.close()


@pytest.fixture
async def consume(
    keeper: Units, client: Client, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[[Subscription], None]]:
    """Lets a consumer run until the end of the test."""
    monkeypatch.setattr(consumers, "BACKOFF", ())
    tasks: list[asyncio.Task[None]] = []

    def begin(wanted: Subscription) -> None:
        tasks.append(asyncio.create_task(Consumer(wanted, keeper, client).run()))

    yield begin
    assert not [task for task in tasks if task.done()], "the consumer stopped"
    await end(*tasks)


def noting(name: str, seen: list[int]) -> Subscription:
    """The database is asked too, as by every handler."""

    async def note(uow: UnitOfWork, event: UserLoggedIn) -> None:
        await uow.session.execute(USERS.table.select().where(USERS.table.c.id == event.user_id))
        seen.append(event.user_id)

    return Subscription(name, "IDENTITY", handlers={UserLoggedIn: note})


async def dead(world: World) -> list[tuple[str, bytes]]:
    rows = await world.rows("projects", "select subject, body from dead_letters order by id")
    return [(row["subject"], row["body"]) for row in rows]


async def test_odd_messages_between_others_are_dead_letters_and_stop_nobody(
    world: World, client: Client, consume: Callable[[Subscription], None]
) -> None:
    js = client.jetstream(timeout=5)
    for number, body in enumerate(ODD.values()):
        await js.publish(SUBJECT, body)
        await js.publish(SUBJECT, encode("test", UserLoggedIn(user_id=number))[2])
    seen: list[int] = []
    consume(noting("projects-odd-facts", seen))

    async def all_judged() -> bool:
        return len(set(seen)) == len(ODD) and len(await dead(world)) == len(ODD)

    await eventually(all_judged, within=20)
    assert sorted(body for _, body in await dead(world)) == sorted(ODD.values())
    await js.publish(SUBJECT, encode("test", UserLoggedIn(user_id=1_000))[2])

    async def goes_on() -> bool:
        return 1_000 in seen

    await eventually(goes_on)


async def test_a_state_that_no_table_takes_keeps_no_other_state_away(
    world: World, copies: Copies, client: Client, consume: Callable[[Subscription], None]
) -> None:
    states: Sequence[State] = [
        org(1, "One"),
        OrgState(id=10**20, version=1, slug="x", name="Too large a number", github_orgs=[]),
        OrgState(id=3, version=1, slug="x", name="a\0b", github_orgs=[]),
        user(4),
        UserState(id=5, version=10**30, username="x", fullname="x"),
        org(6, "Six"),
    ]
    js = client.jetstream(timeout=5)
    for state in states:
        _, subject, body = encode("test", state)
        await js.publish(subject, body)
    consume(subscription("projects", (USERS, ORGS)))

    async def all_judged() -> bool:
        return len(await dead(world)) == 3 and len(await copies.orgs()) == 2 and bool(await copies.users())

    await eventually(all_judged, within=20)
    assert await copies.orgs() == [(1, 1, "One"), (6, 1, "Six")]
    assert await copies.users() == [(4, 1, "User4")]


@pytest.mark.parametrize("gone", ["the consumer", "the stream"])
async def test_a_consumer_whose_place_is_gone_while_the_broker_runs_is_there_again(
    gone: str, client: Client, consume: Callable[[Subscription], None]
) -> None:
    js = client.jetstream(timeout=5)
    seen: list[int] = []
    wanted = noting("projects-odd-gone", seen)
    consume(wanted)

    async def heard(number: int) -> None:
        with suppress(Exception):  # while there is no stream, nobody can say anything
            await js.publish(SUBJECT, encode("test", UserLoggedIn(user_id=number))[2])

        async def it_was() -> bool:
            return number in seen

        await eventually(it_was, within=20)

    await heard(1)
    if gone == "the consumer":
        await js.delete_consumer(wanted.stream, wanted.name)
    else:
        await js.delete_stream(wanted.stream)
        await apply_to(js)  # the relays do that when they have something to say
    await heard(2)


def test_a_message_of_any_shape_is_read_or_unreadable() -> None:
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=8,
    )
    kinds = st.sampled_from(sorted({**FACTS, **STATES})) | st.text()
    names = [field.name for field in msgspec.structs.fields(Envelope)]

    @given(st.binary() | st.binary().map(envelope))
    def bytes_of_any_kind(body: bytes) -> None:
        judge(body)

    @given(st.dictionaries(st.sampled_from(names), values), kinds, values, st.booleans())
    def json_of_any_shape(odd: dict[str, object], kind: str, data: object, whole: bool) -> None:
        document = msgspec.json.decode(envelope(b"{}")) | {"type": kind, "data": data}
        judge(msgspec.json.encode(document if whole else document | odd))

    bytes_of_any_kind()
    json_of_any_shape()


def judge(body: bytes) -> None:
    """Anything else that is raised would stop a consumer."""
    with suppress(Unreadable):
        assert isinstance(decode(body)[1], Event | State)
