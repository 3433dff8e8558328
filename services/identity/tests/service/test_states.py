"""What other services fill their replicas from: /state/<thing>, by page or by key."""

from typing import Any

import msgspec
import pytest
from contracts.base import State
from contracts.identity import BackendState, OrgState, UserState
from identity.actions import rights
from kit.http import Client
from messaging.uow import Units
from testkit.plugin import Speak
from testkit.world import World, person

from .conftest import MakeUser


async def states(client: Client, kind: type[State], **query: str | int) -> list[Any]:
    answer = await client.get(f"/state/{kind.thing.split('.')[1]}", params=query)
    return msgspec.json.decode(answer.body, type=list[kind])  # type: ignore[valid-type]


@pytest.fixture
def projects(speak: Speak) -> Client:
    return speak(service="projects")


async def test_each_thing_is_told_as_it_is_now(
    ready: None, projects: Client, units: Units, world: World
) -> None:
    async with units() as uow:
        await rights.add_to_org(uow, "uni", "rosa", by="test")
    await world.rows("identity", "update backends set is_active = false, alert_timeout_seconds = 60")
    assert await states(projects, UserState) == [
        UserState(id=1, version=2, username="rosa", fullname="Rosa", github_login="rosa", org_ids=[1])
    ]
    assert await states(projects, OrgState) == [
        OrgState(id=1, version=1, slug="uni", name="uni", github_orgs=["opensafely"])
    ]
    assert await states(projects, BackendState) == [
        BackendState(id=1, version=1, slug="tpp", name="tpp", is_active=False, alert_timeout_seconds=60)
    ]


async def test_no_state_has_an_address(projects: Client, make_user: MakeUser) -> None:
    """I13"""
    await make_user("rosa", email="rosa@example.org")
    assert b"example.org" not in (await projects.get("/state/user")).body


async def test_states_come_in_pages_by_id(projects: Client, make_user: MakeUser) -> None:
    for number in range(5):
        await make_user(f"user-{number}")
    pages = [
        [state.id for state in await states(projects, UserState, after=after, limit=2)]
        for after in (0, 2, 4, 5)
    ]
    assert pages == [[1, 2], [3, 4], [5], []]


@pytest.mark.parametrize(
    ("kind", "key", "found"),
    [
        (UserState, {"name": "rosa"}, [1]),
        (UserState, {"name": "ROSA"}, []),
        (UserState, {"id": 1}, [1]),
        (UserState, {"id": 2}, []),
        (UserState, {"id": 1, "after": 1}, []),
        (OrgState, {"slug": "uni"}, [1]),
        (OrgState, {"slug": "nhs"}, []),
        (BackendState, {"slug": "tpp"}, [1]),
        (BackendState, {"slug": "tpp", "id": 2}, []),
    ],
)
async def test_one_thing_is_found_by_its_key(
    ready: None, projects: Client, kind: type[State], key: dict[str, str | int], found: list[int]
) -> None:
    assert [state.id for state in await states(projects, kind, **key)] == found


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/state/login_token", 404),
        ("/state/session", 404),
        ("/state/project", 404),
        ("/state/user?id=x", 400),
        ("/state/user?id=", 400),
        ("/state/user?id=-1", 400),
        ("/state/user?id=99999999999999999999", 400),
        ("/state/user?name=%00", 400),
        ("/state/user?after=x", 400),
        ("/state/user?after=-1", 400),
        ("/state/user?limit=0", 400),
        ("/state/user?limit=501", 400),
    ],
)
async def test_what_is_no_thing_or_no_key_is_refused(projects: Client, path: str, status: int) -> None:
    assert (await projects.request("GET", path)).status == status


async def test_only_parts_of_the_system_may_ask(ready: None, speak: Speak) -> None:
    for who in ({}, {"by": person(1, "rosa", roles=["StaffAreaAdministrator"])}):
        for path in ("/state/user", "/state/nothing"):
            assert (await speak(**who).request("GET", path)).status == 403
    assert (await speak(service="gateway").request("GET", "/state/user")).status == 200
