"""The operators' commands: what they make, once, and what they refuse in one line (P1 to P10, P21)."""

import asyncio
import getpass
from collections.abc import AsyncIterator
from typing import Any

import identity.app
import identity.settings
import pytest
from contracts.projects import ProjectCreated, ProjectState, WorkspaceCreated, WorkspaceState
from contracts.words import RESERVED_PROJECT_SLUGS, RESERVED_WORKSPACE_NAMES
from identity.actions import backends
from kit.db import Database
from kit.errors import Invalid
from messaging.uow import Units
from projects import policies
from testkit.world import World, running

from .conftest import REPO, Make, Operate, said

PROJECT = ("create_project", "study")
WORKSPACE = ("create_workspace", "study", "study-ws", "--repo", REPO)
NOBODY = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
async def neighbour(world: World) -> AsyncIterator[str]:
    """An identity service that knows one organisation."""
    world.migrate("identity")
    await world.clean("identity")
    async with (
        Database(world.url("identity")).lifespan() as database,
        Units(database, "identity", lambda: None)() as uow,
    ):
        await backends.create_org(uow, "bennett", "Bennett Institute", by="test")
    made = identity.settings.Settings(**world.settings("identity", token_keys={"k1": "secret"}))
    async with running(identity.app.create(made)) as url:
        yield url


async def test_a_project_is_made_once_and_announced_once(operate: Operate, world: World) -> None:
    words = (*PROJECT, "--name", " The   study ", "--number", "12", "--status", "retired", "--json")
    first, second = await operate(*words), await operate(*words)
    assert first.said == {"id": 1, "slug": "study", "exists": False}
    assert second.said == {"id": 1, "slug": "study", "exists": True}
    assert await world.announced("projects") == ["projects.project.created.v1", "state.projects.project.v1.1"]
    by = f"operator:{getpass.getuser()}"
    assert await said(world, ProjectCreated) == [ProjectCreated(project_id=1, slug="study", by=by)]
    assert await said(world, ProjectState) == [
        ProjectState(id=1, version=1, slug="study", name="The study", number="12", status="retired")
    ]


async def test_a_workspace_is_made_once_and_announced_once(
    operate: Operate, world: World, make: Make
) -> None:
    await make.project("study")
    await world.rows("projects", "delete from outbox")
    words = (*WORKSPACE, "--branch", "release/1.0", "--purpose", "To see", "--notify", "--json")
    first, second = await operate(*words), await operate(*words)
    assert first.said == {"id": 1, "name": "study-ws", "exists": False}
    assert second.said == {"id": 1, "name": "study-ws", "exists": True}
    assert await world.announced("projects") == [
        "projects.workspace.created.v1",
        "state.projects.workspace.v1.1",
    ]
    [fact] = await said(world, WorkspaceCreated)
    assert (fact.workspace_id, fact.name, fact.project_id) == (1, "study-ws", 1)
    [state] = await said(world, WorkspaceState)
    assert (state.version, state.repo_url, state.branch) == (1, REPO, "release/1.0")
    assert (state.should_notify, state.is_archived) == (True, False)


async def test_a_person_reads_a_sentence(operate: Operate) -> None:
    assert (await operate(*PROJECT)).text == "Project study has id 1.\n"
    assert (await operate(*WORKSPACE)).text == "Workspace study-ws has id 1.\n"
    assert (await operate(*WORKSPACE)).text == "Workspace study-ws has id 1.\n"


async def test_what_exists_is_not_changed_by_a_second_command(
    operate: Operate, world: World, make: Make
) -> None:
    await make.project("study", "The study", number="12")
    await make.workspace("study", "study-ws", purpose="To see")
    await operate(*PROJECT, "--name", "Other", "--number", "13", "--status", "retired")
    await operate(*WORKSPACE, "--purpose", "Other", "--branch", "other")
    [project] = await world.rows("projects", "select name, number, status from projects")
    [workspace] = await world.rows("projects", "select purpose, branch from workspaces")
    assert (*project, *workspace) == ("The study", "12", "ongoing", "To see", "main")


async def test_a_project_is_called_like_its_slug_unless_it_is_given_a_name(
    operate: Operate, world: World
) -> None:
    await operate(*PROJECT)
    await operate("create_project", "blank", "--name", "  ")
    names = await world.rows("projects", "select name from projects order by id")
    assert [row["name"] for row in names] == ["study", "blank"]


async def test_the_name_of_a_workspace_is_kept_in_small_letters(operate: Operate, make: Make) -> None:
    await make.project("study")
    made = await operate("create_workspace", "study", "Study-WS", "--repo", REPO, "--json")
    again = await operate("create_workspace", "study", "STUDY-ws", "--repo", REPO, "--json")
    assert (made.said["name"], again.said["exists"]) == ("study-ws", True)


async def test_the_same_thing_made_several_times_at_once_is_one(make: Make, world: World) -> None:
    assert set(await asyncio.gather(*(make.project("study") for _ in range(4)))) == {1}
    assert set(await asyncio.gather(*(make.workspace("study", "study-ws") for _ in range(4)))) == {1}
    assert len(await world.announced("projects")) == 4


async def test_an_organisation_that_has_not_arrived_is_asked_of_identity_and_leads(
    operate: Operate, world: World, neighbour: str
) -> None:
    made = await operate(*PROJECT, "--org", "bennett", "--json", identity_url=neighbour)
    assert made.code == 0, made.text
    [known] = await world.rows("projects", "select id, name from known_orgs")
    assert known["name"] == "Bennett Institute"
    [leads] = await world.rows("projects", "select org_id, is_lead from project_collaborations")
    assert tuple(leads) == (known["id"], True)
    [state] = await said(world, ProjectState)
    assert state.org_ids == [known["id"]]


async def test_an_organisation_that_is_known_is_not_asked_for(
    operate: Operate, world: World, make: Make
) -> None:
    await make.org(8, "One")
    made = await operate(*PROJECT, "--org", "one", "--json", identity_url=NOBODY)
    assert made.code == 0, made.text
    assert [state.org_ids for state in await said(world, ProjectState)] == [[8]]


async def test_an_organisation_that_nobody_knows_or_can_ask_for_is_refused(
    operate: Operate, world: World, neighbour: str
) -> None:
    for place, words in (
        (neighbour, "There is no organisation [/b]."),
        (NOBODY, "The identity service does not answer just now."),
    ):
        refused = await operate(*PROJECT, "--org", "[/b]", identity_url=place)
        assert (refused.code, refused.text) == (1, f"{words}\n")
    assert await world.announced("projects") == []


BAD: list[tuple[tuple[str, ...], str]] = [
    (("create_project", "taken", "--name", "Study"), "The project study has that name or number."),
    (("create_project", "taken", "--number", "1"), "The project study has that name or number."),
    (("create_project", ""), "A project's slug has letters, digits, - and _ only."),
    (("create_project", "a b"), "A project's slug has letters, digits, - and _ only."),
    (("create_project", "x/y"), "A project's slug has letters, digits, - and _ only."),
    (("create_project", "x" * 256), "A project's slug has letters, digits, - and _ only."),
    (("create_project", "new\n"), "A project's slug has letters, digits, - and _ only."),
    (("create_project", "new", "--number", "0"), "A project's number is like 123 or POS-2026-3001."),
    (("create_project", "new", "--number", "1\n"), "A project's number is like 123 or POS-2026-3001."),
    (("create_project", "new", "--number", "1" * 21), "A project's number is like 123 or POS-2026-3001."),
    (("create_project", "new", "--status", "x"), "A project's status is one of "),
    (("create_project", "new", "--name", "x" * 256), "A project's name has at most 255 "),
    (("create_project", "new", "--name", "a\x00b"), "A number is too large, or a text has "),
    (("create_project", "new", "--name", "a\udcffb"), "A number is too large, or a text has "),
    (("create_workspace", "[/b]", "ws", "--repo", REPO), "There is no project [/b]."),
    (("create_workspace", "other", "study-ws", "--repo", REPO), "Another project has a workspace "),
    *(
        (("create_workspace", "study", name, "--repo", REPO), "A workspace's name has letters, ")
        for name in ("", "a.b", "a b", "x/y", "ü")
    ),
    (("create_workspace", "study", "x" * 201, "--repo", REPO), "A workspace's name has letters, "),
    (("create_workspace", "study", "ws", "--repo", "http://github.com/a/b"), "A repository is like "),
    (("create_workspace", "study", "ws", "--repo", f"https://github.com/{'a' * 40}/b"), "A repository "),
    (("create_workspace", "study", "ws", "--repo", f"{REPO}/x"), "A repository is like "),
    (("create_workspace", "study", "ws", "--repo", "https://github.com/a/.."), "A repository is like "),
    (("create_workspace", "study", "ws", "--repo", REPO, "--branch", "-x"), "That is not the name of "),
    (("create_workspace", "study", "ws", "--repo", REPO, "--branch", "a..b"), "That is not the name of "),
    (("create_workspace", "study", "ws", "--repo", REPO, "--branch", ""), "That is not the name of "),
]


async def test_bad_input_is_refused_in_one_line(operate: Operate, world: World, make: Make) -> None:
    await make.project("study", "Study", number="1")
    await make.project("other", "Other")
    await make.workspace("study", "study-ws")
    before = await world.announced("projects")
    for words, reason in BAD:
        refused = await operate(*words)
        assert (refused.code, refused.text.count("\n")) == (1, 1), words
        assert refused.text.startswith(reason)
        assert refused.text.endswith("\n")
    assert await world.announced("projects") == before


async def test_a_refusal_is_json_when_that_is_asked_for(operate: Operate) -> None:
    refused = await operate("create_project", "a b", "--json")
    assert refused.code == 1
    assert refused.said == {"error": "A project's slug has letters, digits, - and _ only."}


async def test_no_project_gets_the_address_of_a_page(make: Make) -> None:
    for word in RESERVED_PROJECT_SLUGS:
        for spelling in (word, word.upper(), word.title()):
            with pytest.raises(Invalid, match="a page of the site has that address"):
                await make.project(spelling)
    await make.project("staff-study")


async def test_no_workspace_gets_the_address_of_a_page(make: Make) -> None:
    await make.project("study")
    for word in (*RESERVED_WORKSPACE_NAMES, "7", "007"):
        for spelling in (word, word.upper()):
            with pytest.raises(Invalid, match="a page of the project has that address"):
                await make.workspace("study", spelling)
    await make.workspace("study", "edit-2")
    policies.check_workspace_name("7a")


async def test_many_commands_run_in_one_process_until_one_is_refused(operate: Operate, world: World) -> None:
    lines = '["create_project", "one"]\n\n["create_project", "a b"]\n["create_project", "two"]\n'
    ran = await operate("batch", lines=lines)
    assert ran.code == 1
    assert sorted(ran.text.splitlines()) == [
        "A project's slug has letters, digits, - and _ only.",
        "Project one has id 1.",
    ]
    assert [row["slug"] for row in await world.rows("projects", "select slug from projects")] == ["one"]


@pytest.mark.parametrize(
    ("command", "word", "field", "value"),
    [
        ("set_project_status", "retired", "status", "retired"),
        ("set_copilot", "cara", "copilot_id", 1),
        ("add_org_to_project", "bennett", "org_ids", [1]),
    ],
)
async def test_a_project_is_changed_once_and_its_state_told(
    operate: Operate,
    world: World,
    make: Make,
    neighbour: str,
    command: str,
    word: str,
    field: str,
    value: Any,
) -> None:
    await make.project("study")
    await world.rows(
        "identity",
        "insert into users (username, fullname) select 'cara', 'Cara' where not exists (select from users)",
    )
    await world.rows("projects", "delete from outbox")
    words = (command, "study", word, "--json")
    first = await operate(*words, identity_url=neighbour)
    assert (first.code, first.said["changed"]) == (0, True), first.text
    assert (await operate(*words, identity_url=neighbour)).said["exists"]
    [state] = await said(world, ProjectState)
    assert (state.version, getattr(state, field)) == (2, value)


@pytest.mark.parametrize(
    "words",
    [
        ("set_project_status", "study", "asleep"),
        ("set_project_status", "nosuch", "retired"),
        ("set_copilot", "study", "nosuch"),
        ("add_org_to_project", "study", "nosuch"),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(
    operate: Operate, world: World, make: Make, neighbour: str, words: tuple[str, ...]
) -> None:
    await make.project("study")
    before = await world.announced("projects")
    assert (await operate(*words, identity_url=neighbour)).code != 0
    assert await world.announced("projects") == before


@pytest.mark.parametrize("ending", [".git", "/", ".git/"])
async def test_one_repository_has_one_address(
    operate: Operate, world: World, make: Make, ending: str
) -> None:
    await make.project("study")
    await operate("create_workspace", "study", "study-ws", "--repo", REPO)
    await operate("create_workspace", "study", "other-ws", "--repo", REPO + ending)
    assert [row["url"] for row in await world.rows("projects", "select url from repos")] == [REPO]
