"""Outbox, relay, consumers and dead letters over a real database and a real JetStream."""

import asyncio
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import pytest
import sqlalchemy as sa
from contracts.identity import OrgState, UserLoggedIn, UserRegistered
from contracts.projects import ProjectState
from kit.db import Database
from kit.leader import leadership
from messaging import consumer as consumers
from messaging.connection import Nats, connect, end
from messaging.consumer import Consumer, replay
from messaging.envelope import Unreadable, decode, encode
from messaging.relay import Batches, Relay
from messaging.subscriptions import Subscription
from messaging.topology import apply_to, stream_of
from messaging.uow import LARGEST, TooLarge, UnitOfWork, Units
from testkit.bus import Bus
from testkit.world import World


@pytest.fixture
async def units(world: World) -> AsyncIterator[Units]:
    world.migrate("identity")
    await world.clean("identity")
    async with Database(world.url("identity")).lifespan() as database:
        yield Units(database, "identity", lambda: None)


async def in_stream(world: World, subject: str) -> list[bytes]:
    """Bodies that the stream holds for a subject, the oldest first."""
    client = await connect(world.nats_url, "test")
    try:
        js = client.jetstream(timeout=5)
        found, state = [], (await js.stream_info(stream_of(subject))).state
        for number in range(state.first_seq, state.last_seq + 1):
            message = await js.get_msg(stream_of(subject), number)
            if message.subject == subject:
                found.append(message.data or b"")
        return found
    finally:
        await client.close()


@pytest.fixture
async def relay(world: World) -> AsyncIterator[Relay]:
    """Running, with an empty stream."""
    client = await connect(world.nats_url, "test")
    await apply_to(client.jetstream(timeout=5))
    await client.jetstream().purge_stream("IDENTITY")
    await client.close()
    broker = Nats(world.nats_url, "test", requests=True)
    broker.start()
    made = Relay(world.url("identity"), "identity", broker)
    task = asyncio.create_task(made.run())
    yield made
    await end(task)
    await broker.close()


async def until_published(world: World, count: int) -> None:
    for _ in range(500):
        rows = await world.rows("identity", "select from outbox where published_at is not null")
        if len(rows) == count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{len(rows)} of {count} were published")


class Gone(Exception):
    pass


async def publish_and_fail(units: Units) -> None:
    async with units() as uow:
        uow.publish(UserLoggedIn(user_id=2))
        raise Gone


async def test_a_message_commits_with_the_rows_or_not_at_all(units: Units, world: World) -> None:
    async with units() as uow:
        uow.publish(UserLoggedIn(user_id=1))
    with pytest.raises(Gone):
        await publish_and_fail(units)
    assert await world.announced("identity") == ["identity.user.logged_in.v1"]


async def test_what_no_broker_would_take_is_refused_with_the_rows_that_made_it(
    units: Units, world: World
) -> None:
    small = OrgState(id=1, version=1, slug="org", name="x", github_orgs=[])
    large = OrgState(id=1, version=2, slug="org", name="x" * LARGEST, github_orgs=[])

    async def publish_both() -> None:
        async with units() as uow:
            row = "insert into inbox (consumer, event_id) values ('test', gen_random_uuid())"
            await uow.session.execute(sa.text(row))
            uow.publish(small, large)

    with pytest.raises(TooLarge, match=r"state\.identity\.org\.v1\.1 has 900,"):
        await publish_both()
    assert await world.announced("identity") == []
    assert await world.rows("identity", "select from inbox") == []


async def test_the_relay_publishes_in_order_and_soon_after_the_commit(
    units: Units, world: World, relay: Relay
) -> None:
    units.wake_relay = relay.wake_relay
    for number in range(5):
        async with units() as uow:
            uow.publish(*(UserLoggedIn(user_id=number * 10 + n) for n in range(10)))
    await until_published(world, 50)
    found = [decode(body)[1] for body in await in_stream(world, "identity.user.logged_in.v1")]
    assert [event.user_id for event in found] == list(range(50))


async def test_a_relay_that_died_before_it_noted_what_it_sent_doubles_nothing(
    units: Units, world: World, relay: Relay
) -> None:
    async with units() as uow:
        uow.publish(*(UserLoggedIn(user_id=n) for n in range(20)))
    relay.wake_relay()
    await until_published(world, 20)
    await world.rows("identity", "update outbox set published_at = null, sequence = null")
    relay.wake_relay()
    await until_published(world, 20)
    assert len(await in_stream(world, "identity.user.logged_in.v1")) == 20


async def test_only_one_relay_leads_and_another_follows_when_it_dies(units: Units, world: World) -> None:
    url = world.url("identity")
    order: list[str] = []

    async def contender(name: str, stay: asyncio.Event) -> None:
        async with leadership(url, "test.role"):
            order.append(name)
            await stay.wait()

    first_stays, second_stays = asyncio.Event(), asyncio.Event()
    first = asyncio.create_task(contender("first", first_stays))
    while not order:
        await asyncio.sleep(0.01)
    second = asyncio.create_task(contender("second", second_stays))
    await asyncio.sleep(0.3)
    assert order == ["first"]
    await end(first)
    async with asyncio.timeout(10):
        while len(order) < 2:
            await asyncio.sleep(0.02)
    second_stays.set()
    await second


async def test_nothing_waits_in_an_empty_outbox(units: Units, world: World, relay: Relay) -> None:
    client = await connect(world.nats_url, "test")
    async with leadership(world.url("identity"), "test.empty") as lead:
        assert await Batches(lead.connection, client.jetstream(timeout=5), client).publish() == 0
    await client.close()


def recording(name: str, seen: list[int], bad: int = -1) -> Subscription:
    async def handler(uow: UnitOfWork, event: UserLoggedIn) -> None:
        if event.user_id == bad:
            raise ValueError("this one is bad")
        seen.append(event.user_id)

    return Subscription(name, "IDENTITY", handlers={UserLoggedIn: handler})


async def test_a_message_redelivered_is_handled_once(units: Units, bus: Callable[[str], Bus]) -> None:
    seen: list[int] = []
    await bus("identity").deliver(
        recording("identity-test-a", seen), *(UserLoggedIn(user_id=n) for n in range(5)), times=3
    )
    assert sorted(seen) == list(range(5))


async def test_a_bad_message_holds_up_nobody_and_ends_as_a_dead_letter(
    units: Units, bus: Callable[[str], Bus], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "BACKOFF", (0.05, 0.05))
    seen: list[int] = []
    receiver = bus("identity")
    await receiver.deliver(
        recording("identity-test-b", seen, bad=3), *(UserLoggedIn(user_id=n) for n in range(6))
    )
    assert {0, 1, 2, 4, 5} <= set(seen)
    assert await receiver.dead() == ["identity.user.logged_in.v1"]
    inbox = await world.rows("identity", "select from inbox where consumer = 'identity-test-b'")
    assert len(inbox) == 5


async def test_while_the_database_is_away_nothing_is_given_up(
    units: Units, bus: Callable[[str], Bus], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "BACKOFF", ())  # a message that fails once is a dead letter
    seen: list[int] = []
    receiver = bus("identity")
    name = urlsplit(world.database).path.strip("/")
    await world.rows("identity", f"alter database {name} connection limit 0")  # the superuser still may
    await world.rows(
        "identity",
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and usename = 'identity'",
        name,
    )
    delivering = asyncio.create_task(
        receiver.deliver(recording("identity-test-f", seen), *(UserLoggedIn(user_id=n) for n in range(3)))
    )
    try:
        await asyncio.sleep(1.5)
        assert not seen
        assert not delivering.done()
    finally:
        await world.rows("identity", f"alter database {name} connection limit -1")
    await delivering
    assert sorted(seen) == [0, 1, 2]
    assert await receiver.dead() == []


async def test_a_dead_letter_replayed_is_handled_once(
    units: Units, bus: Callable[[str], Bus], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "BACKOFF", ())
    seen: list[int] = []
    await bus("identity").deliver(recording("identity-test-c", seen, bad=1), UserLoggedIn(user_id=1))
    [letter] = await world.rows("identity", "select id from dead_letters")
    mended = recording("identity-test-c", seen)
    await replay(units, [mended], letter["id"])
    await replay(units, [mended], letter["id"])
    assert seen == [1]
    with pytest.raises(LookupError):
        await replay(units, [mended], 999_999)


async def test_what_cannot_be_read_is_put_aside(
    units: Units, world: World, bus: Callable[[str], Bus]
) -> None:
    seen: list[int] = []
    receiver = bus("identity")
    await receiver.deliver(recording("identity-test-d", seen), UserLoggedIn(user_id=1))
    client = await connect(world.nats_url, "test")
    await client.jetstream(timeout=5).publish("identity.user.logged_in.v1", b"not json")
    consumer = Consumer(recording("identity-test-d", seen), receiver.units, client)
    task = asyncio.create_task(consumer.run())
    async with asyncio.timeout(10):
        while not await receiver.dead():
            await asyncio.sleep(0.02)
    await end(task)
    await client.close()
    assert seen == [1]


def test_an_envelope_is_a_cloud_event() -> None:
    event_id, subject, body = encode("identity", UserRegistered(user_id=1, username="ada"))
    document = msgspec.json.decode(body)
    assert document["specversion"] == "1.0"
    assert UUID(document["id"]) == UUID(str(event_id))
    assert document["source"].endswith("identity")
    assert subject == "identity.user.registered.v1"
    assert decode(body)[1] == UserRegistered(user_id=1, username="ada")


def test_fields_that_come_later_are_ignored() -> None:
    _, _, body = encode("identity", UserRegistered(user_id=1, username="ada"))
    document = msgspec.json.decode(body)
    document["data"]["colour"], document["extension"] = "green", 1
    assert decode(msgspec.json.encode(document))[1] == UserRegistered(user_id=1, username="ada")


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"\xff", b'{"specversion":"1.0","type":"no.such.event"}']
)
def test_nonsense_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(body)


async def test_every_subject_has_a_stream() -> None:
    assert stream_of(encode("projects", ProjectState(id=1, version=1, slug="s", name="S"))[1]) == "STATE"
