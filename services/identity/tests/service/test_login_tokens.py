"""Three words for Airlock: who gets them, and what `identify` answers (I21 to I24)."""

import asyncio
from collections.abc import Callable

import pytest
from clients.identity import Identified, IdentityClient
from contracts.identity import LoginTokenIssued, LoginTokenUsed
from contracts.statement import Claims
from identity.actions import login_tokens, rights
from kit import telemetry
from kit.errors import NotFound, PermissionDenied
from messaging.uow import Units
from testkit.plugin import Speak
from testkit.world import World, person

from .conftest import Issue, MakeUser
from .told import announced_and_audited, said, trail

JANE = person(1, "jane", backends=["tpp"])
WRONG = "wrong horse battery"


def refused(why: str, username: str | None = "jane") -> Identified:
    return Identified(refusal=why, username=username)


async def test_the_right_words_say_who_it_is_and_leave_a_trace(
    airlock: IdentityClient, words: str, world: World
) -> None:
    assert await airlock.identify("jane", words, "tpp") == Identified(user=JANE, username="jane")
    assert await said(world, LoginTokenIssued) == [LoginTokenIssued(user_id=1)]
    assert await said(world, LoginTokenUsed) == [LoginTokenUsed(user_id=1)]
    assert (await trail(world))[-2:] == [
        {"type": "login_token_issued", "by": "test", "target_user": "jane"},
        {"type": "login_token_used", "by": "jane", "target_user": "jane"},
    ]


async def test_words_work_once(airlock: IdentityClient, words: str, world: World) -> None:
    assert (await airlock.identify("jane", words)).user
    before = await announced_and_audited(world)
    assert await airlock.identify("jane", words) == refused("no_token")
    assert await announced_and_audited(world) == before


async def test_a_call_that_is_made_again_inside_works_again_and_no_other_does(
    airlock: IdentityClient, words: str, world: World
) -> None:
    """Its answer was lost. What a caller may choose, the request id, does not make it the same call (A24)."""
    telemetry.request_id.set("chosen-by-airlock")
    telemetry.call_id.set("call-1")
    assert (await airlock.identify("jane", words)).user
    assert (await airlock.identify("jane", words)).user
    for other in ("call-2", ""):
        telemetry.call_id.set(other)
        assert await airlock.identify("jane", words) == refused("no_token")
    telemetry.call_id.set("call-1")
    await world.rows("identity", "update login_tokens set used_at = used_at - interval '61 seconds'")
    assert await airlock.identify("jane", words) == refused("no_token")
    telemetry.call_id.set("")
    telemetry.request_id.set("")


async def test_words_sent_eight_times_at_the_same_moment_work_once(
    airlock: IdentityClient, words: str, world: World
) -> None:
    found = await asyncio.gather(*(airlock.identify("jane", words, "tpp") for _ in range(8)))
    assert sorted(one.refusal or "" for one in found) == ["", *["no_token"] * 7]
    assert len(await said(world, LoginTokenUsed)) == 1


@pytest.mark.parametrize(
    ("user", "typed"),
    [
        ("jane@example.org", str),
        ("JANE@Example.org", "  {}\n".format),
        ("jane", " ".join),
    ],
    ids=["address", "address in another case", "spaces between all letters"],
)
async def test_name_or_address_and_any_spaces_will_do(
    airlock: IdentityClient, words: str, user: str, typed: Callable[[str], str]
) -> None:
    """A12, I23"""
    assert (await airlock.identify(user, typed(words))).user == JANE


@pytest.mark.parametrize(
    "spoil", [str.upper, lambda words: words.replace(" ", "\t"), lambda words: words + "x"]
)
async def test_wrong_words_are_refused_and_the_right_ones_still_work(
    airlock: IdentityClient, words: str, spoil: Callable[[str], str]
) -> None:
    assert await airlock.identify("jane", spoil(words)) == refused("token_wrong")
    assert await airlock.identify("jane", "") == refused("token_wrong")
    assert (await airlock.identify("jane", words)).user


async def test_the_words_of_somebody_else_are_wrong(
    airlock: IdentityClient, words: str, make_user: MakeUser, units: Units, issue: Issue
) -> None:
    ravi = await make_user("ravi")
    async with units() as uow:
        await rights.add_to_backend(uow, "ravi", "tpp", by="test")
    assert await airlock.identify("jane", await issue(ravi)) == refused("token_wrong")


async def test_expired_words_are_told_apart_and_stay_expired(
    airlock: IdentityClient, words: str, world: World
) -> None:
    [row] = await world.rows(
        "identity", "select expires_at - now() < interval '1 hour' as soon from login_tokens"
    )
    assert row["soon"]
    await world.rows("identity", "update login_tokens set expires_at = now() - interval '1 second'")
    for sent in (words, WRONG):
        assert await airlock.identify("jane", sent) == refused("token_expired")
    assert await world.rows("identity", "select from login_tokens")


async def test_who_was_never_given_words_has_none(airlock: IdentityClient, words: str, world: World) -> None:
    await world.rows("identity", "delete from login_tokens")
    assert await airlock.identify("jane", WRONG) == refused("no_token")


async def test_who_may_log_in_is_checked_before_the_words(
    airlock: IdentityClient, words: str, world: World
) -> None:
    """GitHub first, then the backends (I21)."""
    await world.rows("identity", "delete from backend_memberships")
    assert await airlock.identify("jane", words) == refused("no_backends")
    await world.rows("identity", "delete from external_identities")
    assert await airlock.identify("jane", words) == refused("not_github")
    assert await world.rows("identity", "select from login_tokens")


@pytest.mark.parametrize("left", ["update users set is_active = false", "delete from backend_memberships"])
async def test_who_has_left_cannot_log_in_and_is_told_of_without_rights(
    airlock: IdentityClient, words: str, world: World, left: str
) -> None:
    """A17"""
    await world.rows("identity", left)
    assert (await airlock.identify("jane", words)).refusal in {"unknown_user", "no_backends"}
    found = (await airlock.identify("jane", None)).user
    assert found is not None
    assert found == Claims(user_id=found.user_id, username="jane", name=found.name)
    assert (await airlock.identify("ghost", None)).refusal == "unknown_user"


async def test_a_name_goes_before_the_address_of_somebody_else(
    airlock: IdentityClient, words: str, make_user: MakeUser
) -> None:
    """In the reference it is a 500 (A12)."""
    await make_user("mallory", email="jane")
    assert (await airlock.identify("jane", words)).user == JANE


async def test_authorise_knows_names_only_and_touches_no_words(
    airlock: IdentityClient, words: str, world: World
) -> None:
    before = await announced_and_audited(world)
    for _ in range(login_tokens.TRIES + 1):
        assert await airlock.identify("jane", None, "tpp") == Identified(user=JANE, username="jane")
    for user in ("JANE", "jane@example.org", ""):
        assert (await airlock.identify(user, None)).refusal == "unknown_user"
    assert await announced_and_audited(world) == before
    assert not await world.rows("identity", "select from login_attempts")
    assert (await airlock.identify("jane", words)).user


async def test_new_words_replace_the_old_ones(airlock: IdentityClient, words: str, issue: Issue) -> None:
    newer = await issue()
    assert await airlock.identify("jane", words) == refused("token_wrong")
    assert (await airlock.identify("jane", newer)).user


async def test_people_make_words_for_themselves(
    airlock: IdentityClient, words: str, speak: Speak, world: World
) -> None:
    mine = await IdentityClient(speak(by=JANE)).make_login_token()
    assert (await trail(world))[-1] == {"type": "login_token_issued", "by": "jane", "target_user": "jane"}
    assert (await airlock.identify("jane", mine)).user


@pytest.mark.parametrize(
    ("lost", "says"),
    [
        ("backend_memberships", "not have access to any backend"),
        ("external_identities", "not linked to GitHub"),
    ],
)
async def test_who_may_not_have_words_is_told_why(
    words: str, speak: Speak, world: World, lost: str, says: str
) -> None:
    await world.rows("identity", f"delete from {lost}")
    before = await announced_and_audited(world)
    client = IdentityClient(speak(by=JANE))
    with pytest.raises(PermissionDenied, match=says):
        await client.make_login_token()
    assert says in ((await client.account("")).token_refusal or "")
    assert await announced_and_audited(world) == before


async def test_nobody_makes_words_without_being_somebody(speak: Speak, words: str, world: World) -> None:
    for who in ({}, {"service": "gateway"}, {"service": "releases"}):
        with pytest.raises(PermissionDenied):
            await IdentityClient(speak(**who)).make_login_token()
    await world.rows("identity", "update users set is_active = false")
    with pytest.raises(NotFound):
        await IdentityClient(speak(by=JANE)).make_login_token()
