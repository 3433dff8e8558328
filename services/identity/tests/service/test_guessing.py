"""Guessing login tokens is slowed down by person and by backend, before any hash is made (I25)."""

import asyncio
from typing import Any

import pytest
from clients.identity import Identified, IdentityClient
from contracts.catalogue import SERVICES
from contracts.roles import ROLES
from identity.actions import rights
from identity.actions.login_tokens import BACKEND_TRIES, TRIES
from kit.errors import PermissionDenied, Unavailable
from messaging.uow import Units
from testkit.plugin import Speak
from testkit.world import World, person

from .conftest import Issue, MakeUser

WRONG = "wrong horse battery"
TOO_OFTEN = Identified(refusal="throttled", username="jane")


async def tried(world: World, subject: str, times: int, ago: str = "1 minute") -> None:
    """As if somebody had guessed so often."""
    await world.rows(
        "identity",
        f"insert into login_attempts (subject, at) select $1, now() - interval '{ago}'"
        " from generate_series(1, $2)",
        subject,
        times,
    )


async def tries(world: World) -> dict[str, int]:
    rows = await world.rows("identity", "select subject, count(*) as n from login_attempts group by subject")
    return {row["subject"]: row["n"] for row in rows}


async def test_of_many_guesses_at_once_only_so_many_are_looked_at(
    airlock: IdentityClient, words: str, world: World
) -> None:
    await tried(world, "user jane", TRIES - 2)
    found = await asyncio.gather(*(airlock.identify("jane", WRONG) for _ in range(8)))
    assert sorted(str(one.refusal) for one in found) == ["throttled"] * 6 + ["token_wrong"] * 2
    assert await airlock.identify("jane", words) == TOO_OFTEN


async def test_name_and_address_are_tries_on_the_same_person(
    airlock: IdentityClient, words: str, world: World
) -> None:
    for user in ("jane", "jane@example.org", "JANE@example.org"):
        await airlock.identify(user, WRONG)
    assert await tries(world) == {"user jane": 3}


async def test_after_a_quarter_of_an_hour_it_can_be_tried_again(
    airlock: IdentityClient, words: str, world: World
) -> None:
    await tried(world, "user jane", TRIES, "14 minutes")
    assert await airlock.identify("jane", words) == TOO_OFTEN
    await world.rows("identity", "update login_attempts set at = at - interval '2 minutes'")
    assert (await airlock.identify("jane", words)).user
    assert await tries(world) == {}


async def test_others_are_not_held_up(
    airlock: IdentityClient, words: str, make_user: MakeUser, units: Units, issue: Issue, world: World
) -> None:
    ravi = await make_user("ravi")
    async with units() as uow:
        await rights.add_to_backend(uow, "ravi", "tpp", by="test")
    await tried(world, "user jane", TRIES)
    assert (await airlock.identify("ravi", await issue(ravi), "tpp")).user


async def test_guessing_at_somebody_unknown_is_slowed_down_all_the_same(
    airlock: IdentityClient, world: World
) -> None:
    await tried(world, "unknown ghost", TRIES - 1)
    found = [(await airlock.identify("ghost", WRONG)).refusal for _ in range(2)]
    assert found == ["unknown_user", "throttled"]


async def test_where_too_much_is_guessed_only_wrong_words_are_refused_and_staff_are_told_once(
    airlock: IdentityClient, words: str, world: World
) -> None:
    """A hundred tries with made-up names lock out nobody who has the right words."""
    await tried(world, "backend tpp", BACKEND_TRIES - 1)
    assert (await airlock.identify("ghost", WRONG, "tpp")).refusal == "unknown_user"
    for name in ("ghost1", "ghost2", "ghost3"):
        assert (await airlock.identify(name, WRONG, "tpp")).refusal == "throttled"
    assert await airlock.identify("jane", WRONG, "tpp") == TOO_OFTEN
    assert (await airlock.identify("ghost4", WRONG, "emis")).refusal == "unknown_user"
    assert (await airlock.identify("jane", words, "tpp")).user
    assert (await world.announced("identity")).count("identity.staff.told.v1") == 1


async def test_who_is_throttled_costs_no_hash(airlock: IdentityClient, words: str, world: World) -> None:
    """A stored hash that breaks whoever verifies it shows when that is done."""
    await world.rows("identity", "update login_tokens set token_hash = 'broken'")
    with pytest.raises(Unavailable):
        await airlock.identify("jane", words, "tpp")
    await tried(world, "user jane", TRIES)
    assert await airlock.identify("jane", words, "tpp") == TOO_OFTEN


async def test_right_words_are_no_guess(airlock: IdentityClient, words: str, world: World) -> None:
    await tried(world, "user jane", TRIES - 1)
    await tried(world, "backend tpp", 3)
    assert (await airlock.identify("jane", words, "tpp")).user
    assert await tries(world) == {"backend tpp": 3}


async def test_a_new_token_forgets_the_tries_on_the_person_only(
    airlock: IdentityClient, words: str, issue: Issue, world: World
) -> None:
    for subject in ("user jane", "user janet", "backend tpp"):
        await tried(world, subject, TRIES)
    assert await airlock.identify("jane", words, "tpp") == TOO_OFTEN
    newer = await issue()
    assert (await airlock.identify("jane", newer, "tpp")).user
    assert await tries(world) == {"user janet": TRIES, "backend tpp": TRIES}


async def test_only_releases_may_ask(words: str, speak: Speak, world: World) -> None:
    mallory = person(1, "jane", roles=sorted(ROLES), backends=["tpp"])
    others = [{"service": name} for name in ("gateway", *SERVICES) if name != "releases"]
    for who in ({}, {"by": mallory}, *others):
        for sent in (words, None):
            with pytest.raises(PermissionDenied):
                await IdentityClient(speak(**who)).identify("jane", sent, "tpp")
    assert await tries(world) == {}
    assert await world.rows("identity", "select from login_tokens")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"user": "ja\0ne", "token": WRONG}, 400),
        ({"user": "ja\0ne"}, 400),
        ({"user": "jane", "token": WRONG, "backend": "t\0pp"}, 400),
        ({"user": "x" * 301, "token": WRONG}, 400),
        ({"user": "x" * 301}, 400),
        ({"user": "jane", "token": "x" * 501}, 400),
        ({"user": "jane", "token": WRONG, "backend": "x" * 256}, 400),
        ({"user": "jane", "token": "x" * 100_000}, 413),
        ({"user": ["jane"]}, 400),
        ({"token": WRONG}, 400),
        ({}, 400),
    ],
)
async def test_what_cannot_be_a_name_or_words_is_refused_plainly(
    speak: Speak, world: World, body: dict[str, Any], status: int
) -> None:
    answer = await speak(service="releases").request("POST", "/identify", json=body)
    assert answer.status == status
    assert await tries(world) == {}


async def test_words_with_a_nul_are_merely_wrong(airlock: IdentityClient, words: str) -> None:
    assert (await airlock.identify("jane", f"{words}\0")).refusal == "token_wrong"
    assert (await airlock.identify("jane", words)).user
