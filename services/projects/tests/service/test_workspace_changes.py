"""Who may archive a workspace and who may set its notifications, and what others hear of it (P12)."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from clients.projects import ProjectsClient
from contracts.projects import WorkspaceState
from contracts.roles import GLOBAL_ROLES
from kit.errors import Invalid, NotFound
from testkit.plugin import Speak
from testkit.world import World, person

from .conftest import REPO, Make, developer, said

STUDY, ELSEWHERE = 1, 2
switches = pytest.mark.parametrize("switch", ["is_archived", "should_notify"])


@pytest.fixture(autouse=True)
async def workspace(clean: None, make: Make) -> None:
    assert await make.project("study") == STUDY
    assert await make.project("elsewhere") == ELSEWHERE
    await make.workspace("study", "study-ws")


async def row(world: World) -> dict[str, Any]:
    [found] = await world.rows("projects", "select is_archived, should_notify, version from workspaces")
    return dict(found)


@switches
async def test_a_developer_of_its_project_may_use_a_switch_and_turn_it_back(
    speak: Speak, world: World, switch: str
) -> None:
    client = speak(by=developer(STUDY))
    for version, value in ((2, True), (3, False)):
        answer = await client.patch("/workspaces/study-ws", json={switch: value})
        assert (answer.status, answer.body) == (204, b"")
        assert {switch: value, "version": version}.items() <= (await row(world)).items()


@pytest.mark.parametrize(
    "who",
    [
        {},
        {"service": "jobs"},
        {"service": "gateway"},
        {"by": person(3, "member", memberships=[STUDY])},
        {"by": person(3, "cleo", projects={"ProjectCollaborator": [STUDY]})},
        {"by": person(3, "ravi", projects={"ProjectDeveloper": [ELSEWHERE]}, memberships=[STUDY])},
        {"by": person(3, "boss", roles=sorted(GLOBAL_ROLES))},
    ],
    ids=["nobody", "jobs", "gateway", "member", "collaborator", "elsewhere", "every-global-role"],
)
async def test_who_may_not_learns_no_more_than_of_a_workspace_that_is_not_there(
    speak: Speak, world: World, who: dict[str, Any]
) -> None:
    before = await world.announced("projects")
    client = speak(**who)
    for switch in ("is_archived", "should_notify"):
        answers = [
            await client.request("PATCH", f"/workspaces/{name}", json={switch: True})
            for name in ("study-ws", "nothing")
        ]
        assert [answer.status for answer in answers] == [404, 404]
        words = [answer.body.partition(b'"request_id"')[0] for answer in answers]
        assert words[0] == words[1]
    assert await row(world) == {"is_archived": False, "should_notify": False, "version": 1}
    assert await world.announced("projects") == before


async def test_the_typed_client_uses_the_switches(speak: Speak, world: World) -> None:
    client = ProjectsClient(speak(by=developer(STUDY)))
    await client.set_notifications("study-ws", should_notify=True)
    await client.set_archived("study-ws", is_archived=True)
    assert await row(world) == {"is_archived": True, "should_notify": True, "version": 3}
    with pytest.raises(NotFound):
        await client.set_archived("nothing", is_archived=True)


async def test_each_switch_is_announced_once_with_the_next_version(speak: Speak, world: World) -> None:
    client = speak(by=developer(STUDY))
    for _ in range(2):
        await client.patch("/workspaces/study-ws", json={"is_archived": True, "should_notify": True})
    states = await said(world, WorkspaceState)
    assert [state.version for state in states] == [1, 2, 3]
    assert states[-1] == WorkspaceState(
        id=1,
        version=3,
        name="study-ws",
        project_id=STUDY,
        repo_url=REPO,
        branch="main",
        is_archived=True,
        should_notify=True,
    )


async def test_a_switch_that_stands_so_already_is_not_announced(speak: Speak, world: World) -> None:
    before = await world.announced("projects")
    await speak(by=developer(STUDY)).patch("/workspaces/study-ws", json={"is_archived": False})
    assert (await row(world))["version"] == 1
    assert await world.announced("projects") == before


async def test_an_archived_workspace_is_hidden_until_it_comes_back(
    speak: Speak, nobody: ProjectsClient
) -> None:
    client = ProjectsClient(speak(by=developer(STUDY)))
    await client.set_archived("study-ws", is_archived=True)
    with pytest.raises(NotFound):
        await nobody.workspace("study-ws")
    assert (await client.workspace("study-ws")).workspace.is_archived
    await client.set_archived("study-ws", is_archived=False)
    assert not (await nobody.workspace("study-ws")).workspace.is_archived


async def test_a_value_that_is_no_switch_is_named(speak: Speak) -> None:
    client = speak(by=developer(STUDY))
    bodies: list[dict[str, Any]] = [{"is_archived": "perhaps"}, {"is_archived": 2}, {"should_notify": []}]
    for body in bodies:
        with pytest.raises(Invalid) as refused:
            await client.patch("/workspaces/study-ws", json=body)
        assert list(refused.value.extra["fields"]) == list(body)


async def test_a_change_of_nothing_is_refused(speak: Speak, world: World) -> None:
    client = speak(by=developer(STUDY))
    bodies: list[dict[str, Any]] = [{}, {"is_archived": None}, {"name": "other", "branch": "other"}]
    for body in bodies:
        with pytest.raises(Invalid, match="Nothing to change"):
            await client.patch("/workspaces/study-ws", json=body)
    [found] = await world.rows("projects", "select name, branch from workspaces")
    assert tuple(found) == ("study-ws", "main")


async def test_changes_at_the_same_time_are_told_one_after_the_other(speak: Speak, world: World) -> None:
    client = speak(by=developer(STUDY))
    values = [number % 2 == 0 for number in range(12)]
    await asyncio.gather(
        *(client.patch("/workspaces/study-ws", json={"is_archived": value}) for value in values)
    )
    states = await said(world, WorkspaceState)
    assert [state.version for state in states] == list(range(1, len(states) + 1))
    now = await row(world)
    assert (states[-1].version, states[-1].is_archived) == (now["version"], now["is_archived"])
    assert all(one.is_archived != two.is_archived for one, two in pairwise(states))
