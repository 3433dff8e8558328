"""The owner's side of copies: its states by page or by key, for other services only."""

import msgspec
import pytest
from contracts.catalogue import SERVICES
from contracts.identity import UserState
from contracts.roles import GLOBAL_ROLES
from kit.errors import Invalid, NotFound, PermissionDenied
from kit.http import Client
from testkit.plugin import Speak
from testkit.world import person

from .conftest import Owner, org, user


@pytest.fixture
def url(owner_url: str) -> str:
    return owner_url


async def users(client: Client, **query: str | int) -> list[int]:
    answer = await client.get("/state/user", params=query)
    return [state.id for state in msgspec.json.decode(answer.body, type=list[UserState])]


async def test_pages_follow_each_other_by_the_last_id_until_one_is_empty(speak: Speak, owner: Owner) -> None:
    client = speak(service="jobs")
    owner.things["user"] = [user(number) for number in (2, 3, 5, 8, 13)]
    found, after = [], 0
    while page := await users(client, after=after, limit=2):
        found.append(page)
        after = page[-1]
    assert found == [[2, 3], [5, 8], [13]]


async def test_a_page_has_five_hundred_at_most(speak: Speak, owner: Owner) -> None:
    client = speak(service="jobs")
    owner.things["user"] = [user(number) for number in range(1, 502)]
    assert len(await users(client)) == len(await users(client, limit=500)) == 500
    assert await users(client, after=500) == [501]
    for query in ({"limit": 0}, {"limit": 501}, {"limit": "x"}, {"after": -1}, {"after": 2**63}):
        with pytest.raises(Invalid) as refused:
            await users(client, **query)
        assert list(refused.value.extra["fields"]) == list(query)


async def test_one_thing_is_looked_up_by_what_it_is_called(speak: Speak, owner: Owner) -> None:
    client = speak(service="jobs")
    owner.things = {"user": [user(1), user(2)], "org": [org(1), org(2)]}
    assert await users(client, id=2) == [2]
    assert await users(client, id="٢") == []
    assert msgspec.json.decode((await client.get("/state/org?slug=org2")).body)[0]["id"] == 2
    await users(client, colour="red", limit=1)
    assert [key for _, _, key in owner.asked] == [{"id": "2"}, {"id": "٢"}, {"slug": "org2"}, {}]


async def test_an_id_that_is_no_number_is_refused_before_anybody_is_asked(speak: Speak, owner: Owner) -> None:
    for odd in ("x", "-1", "1.5", "", " 1", "1e3", "9" * 5000):
        with pytest.raises(Invalid, match="An id is a number"):
            await users(speak(service="jobs"), id=odd)
    assert owner.asked == []


async def test_only_what_is_owned_can_be_asked_for(speak: Speak, owner: Owner) -> None:
    for thing in ("project", "users", "User", ".."):
        with pytest.raises(NotFound):
            await speak(service="jobs").get(f"/state/{thing}")


async def test_people_may_not_ask_whatever_they_may_do_otherwise(speak: Speak, owner: Owner) -> None:
    owner.things["user"] = [user(1)]
    boss = person(1, "boss", roles=sorted(GLOBAL_ROLES), memberships=[1])
    for who in ({}, {"by": boss}):
        for thing in ("user", "nothing"):
            with pytest.raises(PermissionDenied):
                await speak(**who).get(f"/state/{thing}")
    assert owner.asked == []
    for name in (*SERVICES, "gateway"):
        assert await users(speak(service=name)) == [1]


async def test_a_state_has_every_field_that_others_keep(speak: Speak, owner: Owner) -> None:
    owner.things["user"] = [
        UserState(
            id=3,
            version=9,
            username="a.b",
            fullname="Ada é",
            github_login="a",
            is_active=False,
            org_ids=[2, 1],
        )
    ]
    answer = await speak(service="gateway").get("/state/user")
    assert answer.headers["content-type"] == "application/json"
    assert msgspec.json.decode(answer.body, type=list[UserState]) == owner.things["user"]
