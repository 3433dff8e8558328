"""What people may do, as the gateway and the other services are told (I2)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from clients.identity import IdentityClient
from contracts.identity import AccessChanged
from contracts.roles import GLOBAL_ROLES, PROJECT_ROLES, ROLES
from contracts.statement import Claims
from identity.actions import rights
from kit.errors import Invalid, NotFound, PermissionDenied
from messaging.uow import Units
from testkit.plugin import Speak
from testkit.world import World, person

from .conftest import HASHER, MakeBackend, MakeUser
from .told import announced_and_audited, said, trail

ENDED = "update role_grants set ends_at = now() - interval '1 second'"


@pytest.fixture
def seen(gateway: IdentityClient, world: World) -> Callable[[int], Awaitable[Claims]]:
    """What a session of that person stands for."""

    async def look(user_id: int) -> Claims:
        await world.rows(
            "identity",
            "insert into sessions (token_hash, user_id, user_agent, expires_at)"
            " values ($1, $2, '', now() + interval '1 hour') on conflict do nothing",
            HASHER.hash(f"cookie {user_id}"),
            user_id,
        )
        found = (await gateway.session(f"cookie {user_id}")).user
        assert found is not None
        return found

    return look


Seen = Callable[[int], Awaitable[Claims]]


@pytest.fixture
def change(units: Units) -> Callable[..., Awaitable[bool]]:
    """`change("grant", "rosa", "TechSupport")` in a transaction of its own; whether anything was new."""

    async def make(action: str, *args: Any) -> bool:
        async with units() as uow:
            return bool(await getattr(rights, action)(uow, *args, by="staff"))

    return make


Change = Callable[..., Awaitable[bool]]


async def test_a_new_person_may_do_nothing(make_user: MakeUser, seen: Seen) -> None:
    """Capability comes only from roles and memberships (I6)."""
    rosa = await make_user("rosa")
    assert await seen(rosa) == Claims(user_id=rosa, username="rosa", name="Rosa")


async def test_everything_that_is_known_of_a_person_is_in_one_answer(
    ready: None, make_backend: MakeBackend, change: Change, seen: Seen, speak: Speak
) -> None:
    await make_backend("emis")
    await change("grant", "rosa", "TechSupport")
    await change("add_member", 5, "rosa", ["ProjectDeveloper", "ProjectCollaborator"])
    await change("add_member", 3, "rosa", ["ProjectDeveloper"])
    await change("add_member", 4, "rosa", [])
    for backend in ("tpp", "emis"):
        await change("add_to_backend", "rosa", backend)
    await change("add_to_org", "uni", "rosa")
    wanted = Claims(
        user_id=1,
        username="rosa",
        name="Rosa",
        roles=["OutputChecker", "TechSupport"],
        projects={"ProjectDeveloper": [3, 5], "ProjectCollaborator": [5]},
        memberships=[3, 4, 5],
        backends=["emis", "tpp"],
        orgs=[1],
        github=True,
    )
    assert await seen(1) == wanted
    assert await IdentityClient(speak(service="jobs")).claims(1) == wanted


async def test_the_rights_of_others_are_not_mixed_in(ready: None, make_user: MakeUser, seen: Seen) -> None:
    ravi = await make_user("ravi", roles=("TechSupport",))
    assert ((await seen(1)).roles, (await seen(ravi)).roles) == (["OutputChecker"], ["TechSupport"])


async def test_who_has_no_github_account_is_known_as_such(ready: None, seen: Seen, world: World) -> None:
    await world.rows("identity", "delete from external_identities")
    assert not (await seen(1)).github


@pytest.mark.parametrize("role", sorted(GLOBAL_ROLES))
async def test_each_global_role_can_be_given_to_a_person(
    make_user: MakeUser, change: Change, seen: Seen, role: str
) -> None:
    rosa = await make_user("rosa")
    assert await change("grant", "rosa", role)
    assert (await seen(rosa)).roles == [role]
    assert await change("revoke", "rosa", role)
    assert (await seen(rosa)).roles == []


@pytest.mark.parametrize("role", [*sorted(ROLES.keys() - GLOBAL_ROLES), "Emperor", "", "outputchecker"])
async def test_a_role_that_is_not_a_global_one_is_refused(
    ready: None, change: Change, world: World, role: str
) -> None:
    """I3"""
    before = await announced_and_audited(world)
    with pytest.raises(Invalid, match="not a role that can be given globally"):
        await change("grant", "rosa", role)
    assert await announced_and_audited(world) == before


@pytest.mark.parametrize("role", [*sorted(ROLES.keys() - PROJECT_ROLES), "Emperor", ""])
async def test_a_role_that_is_not_for_projects_is_refused_with_its_membership(
    ready: None, change: Change, world: World, role: str
) -> None:
    before = await announced_and_audited(world)
    with pytest.raises(Invalid, match="not a role that can be given on a project"):
        await change("add_member", 1, "rosa", ["ProjectDeveloper", role])
    assert await announced_and_audited(world) == before
    assert not await world.rows("identity", "select from project_memberships")


Row = dict[str, Any]
CHANGES: list[tuple[tuple[Any, ...], list[Row]]] = [
    (
        ("grant", "rosa", "TechSupport"),
        [{"type": "user_updated_roles", "old": "OutputChecker", "new": "OutputChecker,TechSupport"}],
    ),
    (("revoke", "rosa", "OutputChecker"), [{"type": "user_updated_roles", "old": "OutputChecker"}]),
    (
        ("add_member", 9, "rosa", []),
        [{"type": "project_member_added", "project_id": 9, "target": "1"}],
    ),
    (
        ("add_member", 9, "rosa", ["ProjectDeveloper", "ProjectDeveloper"]),
        [
            {"type": "project_member_added", "project_id": 9, "target": "1"},
            {
                "type": "project_member_updated_roles",
                "project_id": 9,
                "target": "1",
                "new": "ProjectDeveloper",
            },
        ],
    ),
    (("add_to_backend", "rosa", "tpp"), [{"type": "backend_member_added", "target": "tpp"}]),
    (("add_to_org", "uni", "rosa"), [{"type": "org_member_added", "target": "uni"}]),
]


@pytest.mark.parametrize(("words", "rows"), CHANGES, ids=[str(words[:3]) for words, _ in CHANGES])
async def test_a_change_is_told_to_the_gateways_and_audited_in_its_transaction(
    ready: None, change: Change, world: World, words: tuple[Any, ...], rows: list[Row]
) -> None:
    before = len(await trail(world))
    told = await said(world, AccessChanged)
    assert await change(*words)
    assert await said(world, AccessChanged) == [*told, AccessChanged(user_ids=[1])]
    assert (await trail(world))[before:] == [{"by": "staff", "target_user": "rosa"} | row for row in rows]
    after = await announced_and_audited(world)
    assert not await change(*words), "nothing is new the second time"
    assert await announced_and_audited(world) == after


async def test_the_same_change_made_four_times_at_once_is_made_once(
    ready: None, change: Change, world: World
) -> None:
    before = len(await said(world, AccessChanged))
    for words in (("grant", "rosa", "TechSupport"), ("add_member", 9, "rosa", ["ProjectDeveloper"])):
        done = await asyncio.gather(*(change(*words) for _ in range(4)))
        assert sorted(done) == [False, False, False, True]
    assert len(await said(world, AccessChanged)) == before + 2


async def test_a_member_without_roles_can_get_some_later(
    ready: None, change: Change, seen: Seen, world: World
) -> None:
    await change("add_member", 9, "rosa", [])
    assert ((await seen(1)).memberships, (await seen(1)).projects) == ([9], {})
    told = len(await said(world, AccessChanged))
    assert await change("add_member", 9, "rosa", ["ProjectCollaborator"])
    assert len(await said(world, AccessChanged)) == told + 1
    assert (await seen(1)).projects == {"ProjectCollaborator": [9]}


async def test_a_grant_counts_until_it_ends(ready: None, change: Change, seen: Seen, world: World) -> None:
    await change("add_member", 9, "rosa", ["ProjectDeveloper"])
    await world.rows("identity", "update role_grants set ends_at = now() + interval '1 hour'")
    now = await seen(1)
    assert (now.roles, now.projects) == (["OutputChecker"], {"ProjectDeveloper": [9]})
    await world.rows("identity", ENDED)
    now = await seen(1)
    assert (now.roles, now.projects, now.memberships) == ([], {}, [9])


async def test_a_grant_that_ended_can_be_given_anew(
    ready: None, change: Change, seen: Seen, world: World
) -> None:
    await change("add_member", 9, "rosa", ["ProjectDeveloper"])
    await world.rows("identity", ENDED)
    assert await change("grant", "rosa", "OutputChecker")
    assert await change("add_member", 9, "rosa", ["ProjectDeveloper"])
    now = await seen(1)
    assert (now.roles, now.projects) == (["OutputChecker"], {"ProjectDeveloper": [9]})
    assert [(row.get("old"), row["new"]) for row in (await trail(world))[-2:]] == [
        (None, "OutputChecker"),
        (None, "ProjectDeveloper"),
    ]
    grants = await world.rows("identity", "select granted_by, ends_at from role_grants")
    assert [tuple(row) for row in grants] == [("staff", None)] * 2


async def test_a_grant_that_ended_is_not_taken_away_again(ready: None, change: Change, world: World) -> None:
    await world.rows("identity", ENDED)
    before = await announced_and_audited(world)
    assert not await change("revoke", "rosa", "OutputChecker")
    assert await announced_and_audited(world) == before


async def test_nothing_is_said_of_somebody_unknown_or_disabled(
    ready: None, gateway: IdentityClient, speak: Speak, seen: Seen, world: World
) -> None:
    await seen(1)
    await world.rows("identity", "update users set is_active = false")
    for user_id in (1, 999):
        with pytest.raises(NotFound):
            await IdentityClient(speak(service="projects")).claims(user_id)
    assert (await gateway.session("cookie 1")).user is None


async def test_only_other_services_ask_for_the_rights_of_somebody_absent(ready: None, speak: Speak) -> None:
    staff = person(1, "rosa", roles=sorted(ROLES))
    for who in ({}, {"by": staff}, {"service": "gateway"}, {"service": "identity"}):
        with pytest.raises(PermissionDenied):
            await IdentityClient(speak(**who)).claims(1)
