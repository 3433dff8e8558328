"""People, members, orgs, search, one's own account, and what other services ask for."""

from typing import Any

import pytest
from clients.identity import Contact, Hit, IdentityClient, Membership, Org
from contracts.catalogue import SERVICES
from contracts.identity import AccessChanged, UserState
from contracts.roles import ROLES
from identity.actions import backends, rights
from kit.errors import Conflict, Invalid, NotFound, PermissionDenied
from messaging.uow import Units
from testkit.plugin import Speak
from testkit.world import World, person

from .conftest import MakeUser
from .told import announced_and_audited, said, trail

ROSA = person(1, "rosa")
DISABLED = "update users set is_active = false where username = 'rosa'"


@pytest.fixture
def anybody(speak: Speak) -> IdentityClient:
    return IdentityClient(speak())


@pytest.fixture
def rosa(ready: None, speak: Speak) -> IdentityClient:
    """In her own right."""
    return IdentityClient(speak(by=ROSA))


async def test_anybody_sees_who_somebody_is_but_not_their_address(
    ready: None, anybody: IdentityClient, speak: Speak, world: World
) -> None:
    """I14"""
    await world.rows("identity", "update users set email = 'rosa@example.org'")
    found = await anybody.user("rosa")
    assert (found.id, found.username, found.fullname, found.github_login) == (1, "rosa", "Rosa", "rosa")
    answer = await speak().get("/users/rosa")
    assert b"example.org" not in answer.body
    await world.rows("identity", DISABLED)
    for name in ("rosa", "ROSA", "nobody"):
        with pytest.raises(NotFound):
            await anybody.user(name)


async def test_members_come_with_their_roles_by_name(
    anybody: IdentityClient, make_user: MakeUser, units: Units, world: World
) -> None:
    for name, roles in (("ravi", ["ProjectDeveloper", "ProjectCollaborator"]), ("Ada", []), ("zoe", [])):
        await make_user(name)
        async with units() as uow:
            await rights.add_member(uow, 7, name, roles, by="test")
    await world.rows("identity", "update users set fullname = 'abel' where username = 'ravi'")
    assert await anybody.members(7) == [
        Membership(
            user_id=1, username="ravi", fullname="abel", roles=["ProjectCollaborator", "ProjectDeveloper"]
        ),
        Membership(user_id=2, username="Ada", fullname="Ada", roles=[]),
        Membership(user_id=3, username="zoe", fullname="Zoe", roles=[]),
    ]
    await world.rows("identity", "update role_grants set ends_at = now()")
    assert [member.roles for member in await anybody.members(7)] == [[], [], []]
    assert await anybody.members(8) == []


async def test_global_roles_are_not_shown_among_members(
    ready: None, anybody: IdentityClient, units: Units
) -> None:
    async with units() as uow:
        await rights.add_member(uow, 7, "rosa", [], by="test")
    assert [member.roles for member in await anybody.members(7)] == [[]]


async def test_orgs_are_listed_by_name_all_or_some(
    ready: None, anybody: IdentityClient, units: Units
) -> None:
    async with units() as uow:
        await backends.create_org(uow, "nhs", "A Service", by="test")
    uni, nhs = Org(id=1, slug="uni", name="uni"), Org(id=2, slug="nhs", name="A Service")
    assert await anybody.orgs([]) == [nhs, uni]
    assert await anybody.orgs([1, 999]) == [uni]


async def test_a_search_finds_people_by_either_name_and_orgs(
    ready: None, anybody: IdentityClient, make_user: MakeUser, world: World
) -> None:
    await make_user("rosalind")
    await world.rows("identity", "update users set fullname = 'Unity Marsh' where username = 'rosa'")
    people = [Hit(kind="user", key="rosa", title="Unity Marsh (rosa)")]
    assert await anybody.search("UNI") == [*people, Hit(kind="org", key="uni", title="uni")]
    assert [hit.key for hit in await anybody.search("rosa")] == ["rosa", "rosalind"], "the very name first"
    assert await anybody.search("nobody at all") == []
    await world.rows("identity", DISABLED)
    assert [hit.key for hit in await anybody.search("rosa")] == ["rosalind"]


@pytest.mark.parametrize("sign", ["%", "_", "\\", "100%", "a_b"])
async def test_a_wildcard_in_a_search_means_itself(
    ready: None, anybody: IdentityClient, make_user: MakeUser, world: World, sign: str
) -> None:
    assert await anybody.search(sign) == []
    await world.rows("identity", "update users set fullname = $1", f"Ab {sign} Cd")
    assert [hit.key for hit in await anybody.search(sign)] == ["rosa"]


async def test_an_account_shows_its_owner_what_is_theirs(
    rosa: IdentityClient, units: Units, world: World
) -> None:
    await world.rows("identity", "update users set email = 'rosa@example.org'")
    before = await rosa.account("")
    assert (before.username, before.fullname, before.email) == ("rosa", "Rosa", "rosa@example.org")
    assert (before.backends, before.sessions, before.token_expires_at) == ([], [], None)
    async with units() as uow:
        await rights.add_to_backend(uow, "rosa", "tpp", by="test")
    await rosa.make_login_token()
    after = await rosa.account("")
    assert (after.backends, after.token_refusal) == (["tpp"], None)
    assert after.token_expires_at
    await world.rows("identity", "update login_tokens set expires_at = now()")
    assert (await rosa.account("")).token_expires_at is None


async def test_a_new_name_is_tidied_told_and_kept(rosa: IdentityClient, world: World) -> None:
    before = len(await said(world, AccessChanged))
    await rosa.rename_me("  Rosa\r\n Maria\t Marsh ")
    [user] = await world.rows("identity", "select fullname, fullname_edited_at, version from users")
    assert (user["fullname"], user["version"]) == ("Rosa Maria Marsh", 2)
    assert user["fullname_edited_at"], "GitHub's name no longer replaces it"
    state = (await said(world, UserState))[-1]
    assert (state.fullname, state.version) == ("Rosa Maria Marsh", 2)
    assert (await said(world, AccessChanged))[before:] == [AccessChanged(user_ids=[1])]
    assert (await trail(world))[-1] == {
        "type": "user_renamed",
        "by": "rosa",
        "target_user": "rosa",
        "old": "Rosa",
        "new": "Rosa Maria Marsh",
    }


async def test_the_same_name_announces_nothing(rosa: IdentityClient, world: World) -> None:
    before = await announced_and_audited(world)
    await rosa.rename_me(" Rosa\n")
    assert await announced_and_audited(world) == before


async def test_a_name_that_was_changed_meanwhile_is_not_overwritten(rosa: IdentityClient) -> None:
    shown = (await rosa.account("")).version
    await rosa.rename_me("Rosa Marsh", shown)
    with pytest.raises(Conflict) as refused:
        await rosa.rename_me("Rosa M.", shown)
    now = refused.value.extra["now"]
    assert now["fullname"] == "Rosa Marsh"
    await rosa.rename_me("Rosa M.", int(now["version"]))
    assert (await rosa.account("")).fullname == "Rosa M."


@pytest.mark.parametrize(
    "name", ["", " \t\n", pytest.param("x" * 201, id="long"), pytest.param("x" * 1001, id="longer"), "a\0b"]
)
async def test_a_name_that_is_none_changes_nothing(rosa: IdentityClient, world: World, name: str) -> None:
    """I11"""
    before = await announced_and_audited(world)
    with pytest.raises(Invalid):
        await rosa.rename_me(name)
    assert await announced_and_audited(world) == before
    assert [row["fullname"] for row in await world.rows("identity", "select fullname from users")] == ["Rosa"]


async def test_only_a_person_has_an_account(ready: None, speak: Speak) -> None:
    for who in ({}, *({"service": name} for name in ("gateway", *SERVICES))):
        client = IdentityClient(speak(**who))
        for ask in (client.account(""), client.rename_me("X"), client.end_my_session(1)):
            with pytest.raises(PermissionDenied):
                await ask


async def test_addresses_are_for_notifications_only(ready: None, make_user: MakeUser, speak: Speak) -> None:
    """I13"""
    ravi = await make_user("ravi", email="ravi@example.org")
    contacts = IdentityClient(speak(service="notifications")).contacts
    assert sorted(await contacts([1, ravi, 999]), key=lambda one: one.user_id) == [
        Contact(user_id=1, username="rosa", fullname="Rosa", email=None),
        Contact(user_id=ravi, username="ravi", fullname="Ravi", email="ravi@example.org"),
    ]
    assert await contacts([]) == []
    others = [{"service": name} for name in ("gateway", *SERVICES) if name != "notifications"]
    for who in ({}, {"by": person(1, "rosa", roles=sorted(ROLES))}, *others):
        with pytest.raises(PermissionDenied):
            await IdentityClient(speak(**who)).contacts([ravi])


HUGE = "9" * 20


@pytest.mark.parametrize(
    "path",
    [
        "/users/a%00b",
        f"/projects/{HUGE}/members",
        "/projects/x/members",
        f"/orgs?ids=1,{HUGE}",
        "/orgs?ids=1,x",
        "/orgs?ids=" + "1," * 1001,
        "/search?q=",
        "/search?q=%00",
        "/search?q=" + "x" * 101,
        "/search",
    ],
)
async def test_nonsense_is_refused_plainly(speak: Speak, path: str) -> None:
    assert (await speak().request("GET", path)).status == 400


@pytest.mark.parametrize("ids", [[10**20], ["x"], [1] * 1001, None])
async def test_nobody_has_such_an_id(speak: Speak, ids: Any) -> None:
    answer = await speak(service="notifications").request("POST", "/contacts", json={"user_ids": ids})
    assert answer.status == 400
