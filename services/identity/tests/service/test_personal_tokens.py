"""`<username>:<token>` of somebody's script (I28)."""

from datetime import UTC, datetime

import pytest
from clients.identity import IdentityClient, PersonalToken
from identity import queries
from messaging.uow import Units
from testkit.world import World, person

from .conftest import HASHER, MakeUser


async def test_a_personal_token_stands_for_its_owner_with_their_rights(
    gateway: IdentityClient, robot: str
) -> None:
    found = await gateway.personal_token("robot", robot)
    assert found == PersonalToken(known=True, user=person(1, "robot", roles=["ProjectCollaborator"]))


@pytest.mark.parametrize("token", ["", "wrong", "ab" * 32, "{}x", pytest.param("{}" * 20, id="long")])
async def test_a_wrong_personal_token_of_somebody_known_is_refused(
    gateway: IdentityClient, robot: str, token: str
) -> None:
    assert await gateway.personal_token("robot", token.replace("{}", robot)) == PersonalToken(known=True)


async def test_somebody_without_a_personal_token_is_known(
    gateway: IdentityClient, robot: str, make_user: MakeUser
) -> None:
    """In the reference it is a 500. Another's token is no token (I30)."""
    await make_user("rosa")
    assert await gateway.personal_token("rosa", robot) == PersonalToken(known=True)


@pytest.mark.parametrize("name", ["nobody", "Robot", "", pytest.param("x" * 1000, id="long")])
async def test_a_personal_token_of_somebody_unknown_is_told_apart(
    gateway: IdentityClient, robot: str, name: str
) -> None:
    assert await gateway.personal_token(name, robot) == PersonalToken(known=False)


async def test_the_personal_token_of_somebody_disabled_is_refused(
    gateway: IdentityClient, robot: str, world: World
) -> None:
    await world.rows("identity", "update users set is_active = false")
    assert await gateway.personal_token("robot", robot) == PersonalToken(known=True)


@pytest.mark.parametrize(
    ("now", "valid"),
    [
        (datetime(2026, 11, 24, 9, tzinfo=UTC), True),
        (datetime(2027, 2, 21, 0, 0, tzinfo=UTC), True),
        (datetime(2027, 2, 21, 23, 59, 59, 999_999, tzinfo=UTC), True),
        (datetime(2027, 2, 22, tzinfo=UTC), False),
    ],
)
async def test_a_personal_token_is_valid_through_the_day_it_ends(
    units: Units, robot: str, world: World, now: datetime, valid: bool
) -> None:
    end = datetime(2027, 2, 21, tzinfo=UTC)
    await world.rows("identity", "update personal_tokens set expires_at = $1", end)
    async with units() as uow:
        found = await queries.personal_token(uow.session, "robot", HASHER.candidates(robot), now)
    assert (found.known, found.user is not None) == (True, valid)


async def test_an_expired_personal_token_is_refused(
    gateway: IdentityClient, robot: str, world: World
) -> None:
    await world.rows("identity", "update personal_tokens set expires_at = now() - interval '25 hours'")
    assert await gateway.personal_token("robot", robot) == PersonalToken(known=True)
