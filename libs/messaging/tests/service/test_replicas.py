"""Copies of what others own: the owner's version decides, and a miss is asked for once."""

import time
from collections.abc import AsyncIterator, Callable
from itertools import permutations

import pytest
import sqlalchemy as sa
from contracts.base import State
from contracts.identity import UserState
from kit.errors import Unavailable
from kit.http import Client, Unreachable
from messaging.owners import Owners
from messaging.replicas import Replica, on_miss, subscription, write
from messaging.uow import Units
from testkit.bus import Bus
from testkit.world import World

from .conftest import ORGS, USERS, Copies, Owner, org, user


async def keep(keeper: Units, *states: State) -> None:
    async with keeper() as uow:
        await write(uow.session, USERS, states)


async def test_a_newer_state_replaces_an_older_one_and_never_the_other_way_round(
    keeper: Units, copies: Copies
) -> None:
    await keep(keeper, user(1, "Second", version=2))
    assert await copies.users() == [(1, 2, "Second")]
    await keep(keeper, user(1, "First", version=1))
    await keep(keeper, user(1, "Second again", version=2))
    assert await copies.users() == [(1, 2, "Second")]
    await keep(keeper, user(1, "Fifth", version=5))
    assert await copies.users() == [(1, 5, "Fifth")]


async def test_of_several_states_of_one_thing_the_newest_counts_whatever_their_order(
    keeper: Units, copies: Copies
) -> None:
    for number, order in enumerate(permutations((1, 2, 3)), 1):
        await keep(
            keeper, *(user(number, f"Version {version}", version=version) for version in order), user(9)
        )
    assert await copies.users() == [*((number, 3, "Version 3") for number in range(1, 7)), (9, 1, "User9")]


async def test_a_deleted_thing_goes_and_its_older_states_in_the_same_breath_do_not_bring_it_back(
    keeper: Units, copies: Copies
) -> None:
    await keep(keeper, user(1), user(2))
    await keep(keeper, user(1, version=3, deleted=True), user(1, "Second", version=2))
    assert await copies.users() == [(2, 1, "User2")]
    await keep(keeper, user(1, version=3, deleted=True))
    assert await copies.users() == [(2, 1, "User2")]


async def test_nothing_to_write_writes_nothing(keeper: Units, copies: Copies) -> None:
    await keep(keeper)
    assert await copies.users() == []


async def test_a_copy_has_all_its_columns_and_only_those(keeper: Units, world: World) -> None:
    async with keeper() as uow:
        await write(uow.session, ORGS, [org(4, "Bennett", version=7)])
    [row] = await world.rows("projects", "select * from known_orgs")
    wanted = {"id": 4, "version": 7, "slug": "org4", "name": "Bennett", "github_orgs": ["a", "b"]}
    assert dict(row) == wanted


async def test_one_subscription_keeps_every_copy(
    bus: Callable[[str], Bus], copies: Copies, world: World
) -> None:
    kept = subscription("projects", (USERS, ORGS))
    assert kept.subjects == ["state.identity.user.v1.*", "state.identity.org.v1.*"]
    receiver = bus("projects")
    await receiver.deliver(kept, user(1, version=2), user(2), org(1, "New", version=3), times=2)
    await receiver.deliver(kept, user(1, "Old"), org(1, "Old", version=2), user(2, version=2, deleted=True))
    assert (await copies.users(), await copies.orgs()) == ([(1, 2, "User1")], [(1, 3, "New")])
    assert await receiver.dead() == []


@pytest.fixture
async def asker(world: World, owner_url: str) -> AsyncIterator[Client]:
    client = world.client(owner_url, service="projects")
    yield client
    await client.close()


async def test_what_is_missed_is_asked_for_once_and_written(
    keeper: Units, copies: Copies, owner: Owner, asker: Client
) -> None:
    owner.things["user"] = [user(1), user(2, version=4), user(3)]
    assert await on_miss(keeper, USERS, asker, {"id": 2}) == user(2, version=4)
    assert await copies.users() == [(2, 4, "User2")]
    assert owner.asked == [("user", 0, {"id": "2"})]


async def test_an_organisation_is_asked_for_by_its_slug(
    keeper: Units, copies: Copies, owner: Owner, asker: Client
) -> None:
    owner.things["org"] = [org(1), org(2, "a & b")]
    assert await on_miss(keeper, ORGS, asker, {"slug": "org2"}) == org(2, "a & b")
    assert await copies.orgs() == [(2, 1, "a & b")]


async def test_what_the_owner_does_not_know_is_nothing(
    keeper: Units, copies: Copies, owner: Owner, asker: Client
) -> None:
    assert await on_miss(keeper, USERS, asker, {"id": 2}) is None
    assert len(owner.asked) == 1
    assert await copies.users() == []


async def test_an_answer_that_was_overtaken_by_a_message_changes_nothing(
    keeper: Units, copies: Copies, owner: Owner, asker: Client
) -> None:
    owner.things["user"] = [user(1, "Old", version=1)]
    await keep(keeper, user(1, "New", version=2))
    await on_miss(keeper, USERS, asker, {"id": 1})
    assert await copies.users() == [(1, 2, "New")]


async def test_an_owner_with_trouble_of_its_own_has_not_said_that_there_is_no_such_thing(
    keeper: Units, copies: Copies, owner: Owner, asker: Client
) -> None:
    """It is not asked twice in one go, but nothing is remembered of it: the next who asks is answered."""
    owner.things["user"] = [user(1)]
    owner.trouble["user", 0] = None
    owners = Owners(keeper, {"identity": asker})
    with pytest.raises(Unavailable):
        await owners.ask(USERS, id=1)
    assert len(owner.asked) == 1
    assert await copies.users() == []
    owner.trouble.clear()
    assert await owners.ask(USERS, id=1) == user(1)
    assert await copies.users() == [(1, 1, "User1")]


async def test_an_owner_that_is_away_or_too_slow_is_waited_for_a_second_at_most(
    keeper: Units, copies: Copies, owner: Owner, asker: Client, world: World
) -> None:
    owner.things["user"] = [user(1)]
    owner.trouble["user", 0] = 3
    started = time.monotonic()
    with pytest.raises(Unreachable):
        await on_miss(keeper, USERS, asker, {"id": 1})
    lost = world.client("http://127.0.0.1:1", service="projects")
    with pytest.raises(Unreachable):
        await on_miss(keeper, USERS, lost, {"id": 1})
    await lost.close()
    assert time.monotonic() - started < 2.5
    assert await copies.users() == []


def test_a_copy_of_what_the_owner_does_not_say_is_a_mistake() -> None:
    table = sa.Table("known_odd", sa.MetaData(), sa.Column("id", sa.BigInteger), sa.Column("odd", sa.Text))
    with pytest.raises(TypeError, match="UserState has no odd"):
        Replica(UserState, table)
