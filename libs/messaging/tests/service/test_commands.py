"""The commands that every service has, run against a real owner."""

import pytest
from contracts.identity import UserLoggedIn
from messaging.envelope import decode, encode
from messaging.replicas import write
from messaging.subscriptions import Subscription
from messaging.uow import UnitOfWork, Units
from testkit.world import World

from .conftest import ORGS, USERS, Copies, Operate, Owner, org, user

NOBODY = "http://127.0.0.1:1"


async def keep_some(keeper: Units) -> None:
    async with keeper() as uow:
        await write(uow.session, USERS, [user(1), user(2), user(3, "Old name")])
        await write(uow.session, ORGS, [org(1, "Stays")])


async def test_copies_that_are_right_have_no_differences(
    operate: Operate, keeper: Units, owner: Owner
) -> None:
    assert (await operate("check_replicas", "--json")).said == {"differences": [], "count": 0}
    await keep_some(keeper)
    owner.things = {"user": [user(1), user(2), user(3, "Old name")], "org": [org(1, "Stays")]}
    assert (await operate("check_replicas", "--json")).said == {"differences": [], "count": 0}
    assert (await operate("check_replicas")).text == "0 differences []\n"


async def test_every_difference_is_said_and_nothing_is_changed(
    operate: Operate, keeper: Units, owner: Owner, copies: Copies
) -> None:
    await keep_some(keeper)
    owner.things["user"] = [user(1, version=2), user(3, "New name"), user(4)]
    said = (await operate("check_replicas", "--json")).said
    assert said["count"] == 5
    first, second, third, fourth, fifth = said["differences"]
    assert first.startswith("identity.user 1: here {'id': 1, 'version': 1,")
    assert "there {'id': 1, 'version': 2," in first
    assert second.endswith("there None")
    assert "Old name" in third
    assert "New name" in third
    assert fourth.startswith("identity.user 4: here None, there {")
    assert fifth.startswith("identity.org 1: here {")
    assert await copies.users() == [(1, 1, "User1"), (2, 1, "User2"), (3, 1, "Old name")]


async def test_rebuilt_copies_are_what_the_owner_has_and_nothing_else(
    operate: Operate, keeper: Units, owner: Owner, copies: Copies
) -> None:
    await keep_some(keeper)
    owner.things = {"user": [user(1, version=2), user(4, "Fourth")], "org": [org(1, "Renamed"), org(2)]}
    assert (await operate("rebuild_replicas", "--json")).said == {"count": 4}
    assert await copies.users() == [(1, 2, "User1"), (4, 1, "Fourth")]
    assert await copies.orgs() == [(1, 1, "Renamed"), (2, 1, "Org")]
    assert (await operate("check_replicas", "--json")).said["count"] == 0
    assert (await operate("rebuild_replicas")).text == "4 rows were written.\n"


async def test_even_a_copy_that_claims_to_be_newer_is_rebuilt(
    operate: Operate, keeper: Units, owner: Owner, copies: Copies
) -> None:
    async with keeper() as uow:
        await write(uow.session, USERS, [user(1, "From nowhere", version=99)])
    owner.things["user"] = [user(1, "Right", version=3)]
    await operate("rebuild_replicas")
    assert await copies.users() == [(1, 3, "Right")]


async def test_thousands_are_rebuilt_page_by_page(operate: Operate, owner: Owner, copies: Copies) -> None:
    owner.things["user"] = [user(number * 3) for number in range(1, 1202)]
    assert (await operate("rebuild_replicas", "--json")).said == {"count": 1201}
    assert [number for number, _, _ in await copies.users()] == [number * 3 for number in range(1, 1202)]
    assert (await operate("check_replicas", "--json")).said["count"] == 0


async def test_an_owner_that_has_nothing_leaves_empty_copies(
    operate: Operate, keeper: Units, owner: Owner, copies: Copies
) -> None:
    await keep_some(keeper)
    assert (await operate("rebuild_replicas", "--json")).said == {"count": 0}
    assert (await copies.users(), await copies.orgs()) == ([], [])


@pytest.mark.parametrize("command", ["check_replicas", "rebuild_replicas"])
async def test_while_the_owner_is_away_copies_stay_as_they_are(
    operate: Operate, keeper: Units, copies: Copies, command: str
) -> None:
    await keep_some(keeper)
    refused = await operate(command, identity_url=NOBODY)
    assert (refused.code, refused.text) == (1, "The identity service does not answer just now.\n")
    assert [number for number, _, _ in await copies.users()] == [1, 2, 3]
    assert await copies.orgs() == [(1, 1, "Stays")]


async def test_a_copy_whose_owner_fails_half_way_stays_as_it_is(
    operate: Operate, keeper: Units, owner: Owner, copies: Copies
) -> None:
    await keep_some(keeper)
    owner.things["user"] = [user(number) for number in range(1, 700)]
    owner.trouble["user", 500] = None
    refused = await operate("rebuild_replicas")
    assert (refused.code, refused.text) == (1, "The owner has a bad day.\n")
    assert await copies.users() == [(1, 1, "User1"), (2, 1, "User2"), (3, 1, "Old name")]
    assert await copies.orgs() == [(1, 1, "Stays")]


async def test_every_state_is_said_again_in_its_order_however_many(
    operate: Operate, owner: Owner, world: World
) -> None:
    owner.things = {"user": [user(number) for number in range(1, 1002)], "org": [org(7, version=4)]}
    sources = {thing: owner.source(thing) for thing in ("user", "org")}
    assert (await operate("republish_state", "--json", sources=sources)).said == {"count": 1002}
    rows = await world.rows("projects", "select subject, stream, body from outbox order by id")
    assert [row["subject"] for row in rows] == [
        *(f"state.identity.user.v1.{number}" for number in range(1, 1002)),
        "state.identity.org.v1.7",
    ]
    assert {row["stream"] for row in rows} == {"STATE"}
    assert decode(rows[-1]["body"])[1] == org(7, version=4)
    again = await operate("republish_state", sources={"org": owner.source("org")})
    assert again.text == "1 states were said again.\n"
    assert len(await world.rows("projects", "select distinct event_id from outbox")) == 1003


async def test_who_owns_nothing_says_nothing_again(operate: Operate, world: World) -> None:
    assert (await operate("republish_state", "--json")).said == {"count": 0}
    assert await world.announced("projects") == []


async def bury(world: World, consumer: str, user_id: int) -> int:
    """A message that was given up; its number."""
    _, subject, body = encode("identity", UserLoggedIn(user_id=user_id))
    [row] = await world.rows(
        "projects",
        "insert into dead_letters (consumer, subject, body, reason) values ($1, $2, $3, 'ValueError()')"
        " returning id",
        *(consumer, subject, body),
    )
    return int(row["id"])


def listening(seen: list[int], bad: tuple[int, ...] = ()) -> Subscription:
    async def handler(_: UnitOfWork, event: UserLoggedIn) -> None:
        if event.user_id in bad:
            raise ValueError("still bad")
        seen.append(event.user_id)

    return Subscription("projects-test", "IDENTITY", handlers={UserLoggedIn: handler})


async def test_dead_letters_are_listed_the_newest_first(operate: Operate, world: World) -> None:
    assert (await operate("list_dead_letters")).text == "0 dead letters []\n"
    await world.rows(
        "projects",
        "insert into dead_letters (consumer, subject, body, reason)"
        " select 'projects-test', 'identity.user.logged_in.v1', '', 'ValueError()'"
        " from generate_series(1, 101)",
    )
    said = (await operate("list_dead_letters", "--json")).said
    assert (said["count"], len(said["dead_letters"])) == (100, 100)
    assert said["dead_letters"][0] == {
        "id": 101,
        "consumer": "projects-test",
        "subject": "identity.user.logged_in.v1",
        "reason": "ValueError()",
        "replayed_at": None,
    }


async def test_a_dead_letter_is_handled_once_however_often_it_is_replayed(
    operate: Operate, world: World
) -> None:
    number, seen = await bury(world, "projects-test", 7), []
    for _ in range(2):
        ran = await operate("replay_dead_letter", str(number), subscriptions=[listening(seen)])
        assert (ran.code, ran.text) == (0, f"Dead letter {number} was handled.\n")
    assert seen == [7]
    [letter] = (await operate("list_dead_letters", "--json")).said["dead_letters"]
    assert letter["replayed_at"]


async def test_a_replay_that_fails_changes_nothing(operate: Operate, world: World) -> None:
    number, seen = await bury(world, "projects-test", 7), []
    ran = await operate("replay_dead_letter", str(number), subscriptions=[listening(seen, bad=(7,))])
    assert (ran.code, ran.text.count("\n")) == (1, 1)
    assert "still bad" in ran.text
    [row] = await world.rows("projects", "select replayed_at from dead_letters")
    assert row["replayed_at"] is None
    assert await world.rows("projects", "select from inbox") == []
    await operate("replay_dead_letter", str(number), subscriptions=[listening(seen)])
    assert seen == [7]


async def test_a_dead_letter_that_is_not_there_or_not_ours_is_refused(operate: Operate, world: World) -> None:
    other = await bury(world, "projects-gone", 7)
    for number in (other, 99):
        refused = await operate("replay_dead_letter", str(number), subscriptions=[listening([])])
        words = f"There is no dead letter {number} that can be replayed.\n"
        assert (refused.code, refused.text) == (1, words)
