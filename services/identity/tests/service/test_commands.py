"""Operators' commands: each may be repeated, leaves a trace, and prints secrets once (I33 to I37)."""

from typing import Any

import pytest
from contracts.identity import AccessChanged, BackendState, LoginTokenIssued, UserState
from identity.cli import commands
from testkit.commands import run_command
from testkit.world import World

from .conftest import OPERATOR, Manage
from .outside import GitHub
from .told import announced_and_audited, said, trail

ACCESS = "identity.access.changed.v1"
Case = tuple[tuple[str, ...], list[str], list[dict[str, Any]]]

# In the world of `ready`.
CASES: dict[str, Case] = {
    "create_user": (
        ("zoe",),
        ["state.identity.user.v1.2"],
        [{"type": "user_registered", "target_user": "zoe"}],
    ),
    "create_user with roles": (
        ("zoe", "--staff", "--output-checker"),
        ["state.identity.user.v1.2", ACCESS, ACCESS],
        [
            {"type": "user_registered", "target_user": "zoe"},
            {"type": "user_updated_roles", "target_user": "zoe", "new": "StaffAreaAdministrator"},
            {
                "type": "user_updated_roles",
                "target_user": "zoe",
                "old": "StaffAreaAdministrator",
                "new": "OutputChecker,StaffAreaAdministrator",
            },
        ],
    ),
    "create_org": (
        ("nhs", "--name", "NHS"),
        ["state.identity.org.v1.2"],
        [{"type": "org_created", "target": "nhs"}],
    ),
    "create_backend": (
        ("emis", "--name", "EMIS"),
        ["state.identity.backend.v1.2"],
        [{"type": "backend_created", "target": "emis"}],
    ),
    "create_backend under another name": (
        ("tpp", "--name", "TPP"),
        ["state.identity.backend.v1.1"],
        [{"type": "backend_renamed", "target": "tpp", "old": "tpp", "new": "TPP"}],
    ),
    "add_member": (
        ("study", "rosa"),
        [ACCESS],
        [{"type": "project_member_added", "target_user": "rosa", "target": "1", "project_id": 1}],
    ),
    "add_member with roles": (
        ("study", "rosa", "--role", "ProjectDeveloper", "-r", "ProjectCollaborator"),
        [ACCESS],
        [
            {"type": "project_member_added", "target_user": "rosa", "target": "1", "project_id": 1},
            {
                "type": "project_member_updated_roles",
                "target_user": "rosa",
                "target": "1",
                "project_id": 1,
                "new": "ProjectCollaborator,ProjectDeveloper",
            },
        ],
    ),
    "grant": (
        ("rosa", "TechSupport"),
        [ACCESS],
        [
            {
                "type": "user_updated_roles",
                "target_user": "rosa",
                "old": "OutputChecker",
                "new": "OutputChecker,TechSupport",
            }
        ],
    ),
    "revoke": (
        ("rosa", "OutputChecker"),
        [ACCESS],
        [{"type": "user_updated_roles", "target_user": "rosa", "old": "OutputChecker"}],
    ),
    "add_to_backend": (
        ("rosa", "tpp"),
        [ACCESS],
        [{"type": "backend_member_added", "target_user": "rosa", "target": "tpp"}],
    ),
    "add_to_org": (
        ("uni", "rosa"),
        [ACCESS, "state.identity.user.v1.1"],
        [{"type": "org_member_added", "target_user": "rosa", "target": "uni"}],
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_command_is_announced_and_audited_once(
    ready: None, manage: Manage, world: World, name: str
) -> None:
    words, announced, audited = CASES[name]
    command = (name.split()[0], *words)
    was_announced, was_audited = await announced_and_audited(world)
    first = await manage(*command)
    assert first.code == 0, first.text
    after = await announced_and_audited(world)
    assert after[0][len(was_announced) :] == announced
    assert after[1][len(was_audited) :] == [{"by": OPERATOR} | row for row in audited]
    again = await manage(*command)
    assert (again.code, again.said["exists"]) == (0, True), again.text
    assert await announced_and_audited(world) == after


REMOVALS: dict[str, tuple[tuple[str, ...], dict[str, Any], str]] = {
    "remove_member": (
        ("study", "rosa"),
        {
            "type": "project_member_removed",
            "target_user": "rosa",
            "target": "1",
            "project_id": 1,
            "old": "ProjectDeveloper",
        },
        "rosa was not a member of study.",
    ),
    "remove_from_backend": (
        ("rosa", "tpp"),
        {"type": "backend_member_removed", "target_user": "rosa", "target": "tpp"},
        "rosa could not use tpp; nothing changed.",
    ),
}


@pytest.mark.parametrize("name", REMOVALS)
async def test_what_was_given_can_be_taken_away_once(
    ready: None, manage: Manage, settings: dict[str, Any], world: World, name: str
) -> None:
    await manage("add_member", "study", "rosa", "--role", "ProjectDeveloper")
    await manage("add_to_backend", "rosa", "tpp")
    words, audited, nothing = REMOVALS[name]
    was_announced, was_audited = await announced_and_audited(world)
    assert (await manage(name, *words)).said["changed"]
    announced, trail_now = await announced_and_audited(world)
    assert announced[len(was_announced) :] == [ACCESS], "what gateways remember ends with it"
    assert trail_now[len(was_audited) :] == [{"by": OPERATOR} | audited]
    assert (await manage(name, *words)).said["exists"]
    assert await announced_and_audited(world) == (announced, trail_now)
    assert (await run_command(commands, settings, name, *words)).text.strip() == nothing


async def test_revoking_says_what_it_did(ready: None, settings: dict[str, Any]) -> None:
    for words in ("OutputChecker was taken from rosa.", "rosa did not hold OutputChecker; nothing changed."):
        assert (
            await run_command(commands, settings, "revoke", "rosa", "OutputChecker")
        ).text.strip() == words


async def test_a_name_that_an_operator_gave_outlives_the_first_log_in(manage: Manage, world: World) -> None:
    await manage("create_user", "zoe", "--name", "Zoe Adams")
    await manage("create_user", "ravi")
    rows = await world.rows("identity", "select fullname_edited_at is null as free from users order by id")
    assert [row["free"] for row in rows] == [False, True]


async def test_who_is_made_by_command_is_bound_to_the_github_account(
    manage: Manage, github: GitHub, world: World
) -> None:
    made = await manage("create_user", "zoe")
    assert made.said == {"id": 1, "username": "zoe", "exists": False}
    [user] = await world.rows("identity", "select * from users")
    [bound] = await world.rows("identity", "select * from external_identities")
    assert (user["fullname"], user["email"], user["github_login"]) == ("Zoe", "zoe@example.org", "zoe")
    assert (bound["user_id"], bound["provider"], bound["uid"].isdecimal()) == (1, "github", True)


async def test_name_and_address_can_be_given_and_later_ones_change_nothing(
    manage: Manage, world: World
) -> None:
    """An address is kept in lower case (I12)."""
    await manage("create_user", "zoe", "--name", " Zoe\n Adams ", "--email", "Zoe@Example.COM")
    await manage("create_user", "zoe", "--name", "Else", "--email", "else@example.com")
    [user] = await world.rows("identity", "select fullname, email from users")
    assert tuple(user) == ("Zoe Adams", "zoe@example.com")


async def test_roles_can_be_added_by_creating_a_user_again(manage: Manage, world: World) -> None:
    await manage("create_user", "zoe")
    assert (await manage("create_user", "zoe", "-s")).said["exists"]
    [row] = await world.rows("identity", "select role, granted_by from role_grants")
    assert tuple(row) == ("StaffAreaAdministrator", OPERATOR)


async def test_the_token_of_a_backend_is_printed_once(manage: Manage) -> None:
    """The reference prints it again (I36)."""
    made, again = await manage("create_backend", "tpp"), await manage("create_backend", "tpp")
    assert len(bytes.fromhex(made.said["token"])) == 20
    assert made.said == {"id": 1, "slug": "tpp", "token": made.said["token"], "exists": False}
    assert again.said == made.said | {"token": None, "exists": True}


async def test_rotating_makes_another_token_each_time(manage: Manage, world: World) -> None:
    made = await manage("create_backend", "tpp")
    rotated = [await manage("create_backend", "tpp", "--rotate") for _ in range(2)]
    assert len({made.said["token"], *(one.said["token"] for one in rotated)}) == 3
    assert [one["type"] for one in await trail(world)] == [
        "backend_created",
        "backend_token_rotated",
        "backend_token_rotated",
    ]
    assert await said(world, AccessChanged) == [AccessChanged(user_ids=[], backends=["tpp"])] * 2


async def test_another_name_raises_the_version_of_a_backend_and_no_name_leaves_it(
    manage: Manage, world: World
) -> None:
    for words in ((), ("--name", "TPP"), ()):
        await manage("create_backend", "tpp", *words)
    assert [(s.version, s.name) for s in await said(world, BackendState)] == [(1, "tpp"), (2, "TPP")]


async def test_a_new_member_of_an_org_is_told_to_the_replicas(
    ready: None, manage: Manage, world: World
) -> None:
    await manage("add_to_org", "uni", "rosa")
    assert [(s.version, s.org_ids) for s in await said(world, UserState)] == [(1, []), (2, [1])]


async def test_a_member_can_be_given_more_roles(ready: None, manage: Manage, world: World) -> None:
    await manage("add_member", "study", "rosa", "-r", "ProjectDeveloper")
    more = await manage("add_member", "study", "rosa", "-r", "ProjectCollaborator", "-r", "ProjectDeveloper")
    assert not more.said["exists"]
    last = (await trail(world))[-1]
    assert (last["old"], last["new"]) == ("ProjectDeveloper", "ProjectCollaborator,ProjectDeveloper")


async def test_each_login_token_is_new_and_printed_alone(
    ready: None, manage: Manage, settings: dict[str, Any], world: World
) -> None:
    await manage("add_to_backend", "rosa", "tpp")
    first = await manage("create_login_token", "rosa")
    second = await run_command(commands, settings, "create_login_token", "rosa")
    assert [len(words.split(" ")) for words in (first.said["token"], second.text)] == [3, 3]
    assert first.said["token"] != second.text.strip()
    assert await said(world, LoginTokenIssued) == [LoginTokenIssued(user_id=1)] * 2
    assert [one for one in await trail(world) if one["type"] == "login_token_issued"] == [
        {"type": "login_token_issued", "by": OPERATOR, "target_user": "rosa"}
    ] * 2
    assert len(await world.rows("identity", "select from login_tokens")) == 1
