"""What other services hear and may ask of projects and workspaces, and what projects keeps of theirs."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from clients.projects import ProjectsClient
from contracts.base import State
from contracts.catalogue import SERVICES
from contracts.identity import OrgState, UserState
from contracts.projects import ProjectState, WorkspaceState
from contracts.roles import GLOBAL_ROLES
from kit.errors import Invalid, NotFound, PermissionDenied
from kit.http import Client
from messaging.envelope import decode
from projects import consumers
from testkit.bus import Bus
from testkit.plugin import Speak
from testkit.world import World, person

from .conftest import REPO, Make, Operate, developer, said

[REPLICAS] = consumers.SUBSCRIPTIONS


async def states(client: Client, thing: str, **query: Any) -> list[Any]:
    kind: type[State] = {"project": ProjectState, "workspace": WorkspaceState}[thing]
    answer = await client.get(f"/state/{thing}", params=query)
    return msgspec.json.decode(answer.body, type=list[kind])  # type: ignore[valid-type]


async def test_the_state_of_a_project_is_its_columns_and_its_organisations_lead_first(
    make: Make, speak: Speak, world: World
) -> None:
    project = await make.project("study", "The study", number="12", orgs=(3, 1, 2), lead=2)
    await make.project("lonely")
    await world.rows("projects", "update projects set copilot_id = 4 where slug = 'study'")
    assert await states(speak(service="jobs"), "project") == [
        ProjectState(
            id=project,
            version=1,
            slug="study",
            name="The study",
            number="12",
            copilot_id=4,
            org_ids=[2, 3, 1],
        ),
        ProjectState(id=project + 1, version=1, slug="lonely", name="lonely"),
    ]


async def test_without_a_lead_the_organisations_stand_as_they_joined(
    make: Make, speak: Speak, world: World
) -> None:
    await make.project("study", orgs=(3, 1, 2))
    await world.rows("projects", "update project_collaborations set is_lead = false")
    [state] = await states(speak(service="jobs"), "project")
    assert state.org_ids == [3, 1, 2]


async def test_the_state_of_a_workspace_has_no_name_that_others_own(make: Make, speak: Speak) -> None:
    project = await make.project("study")
    workspace = await make.workspace("study", "study-ws", archived=True)
    assert await states(speak(service="releases"), "workspace") == [
        WorkspaceState(
            id=workspace,
            version=1,
            name="study-ws",
            project_id=project,
            repo_url=REPO,
            branch="main",
            is_archived=True,
        )
    ]


async def test_states_come_in_pages_in_the_order_of_their_ids(make: Make, speak: Speak) -> None:
    client = speak(service="identity")
    for number in range(5):
        await make.project(f"p{number}")
        await make.workspace("p0", f"w{number}")
    for thing in ("project", "workspace"):
        assert [s.id for s in await states(client, thing, limit=2)] == [1, 2]
        assert [s.id for s in await states(client, thing, after=2, limit=2)] == [3, 4]
        assert [s.id for s in await states(client, thing, after=4)] == [5]
        assert await states(client, thing, after=5) == []


async def test_one_thing_is_found_by_id_or_by_its_exact_name(make: Make, speak: Speak) -> None:
    client = speak(service="identity")
    for name in ("first", "second"):
        await make.project(name)
        await make.workspace(name, f"{name}-ws")
    for thing, key, name in (("project", "slug", "second"), ("workspace", "name", "second-ws")):
        assert [s.id for s in await states(client, thing, **{key: name})] == [2]
        assert await states(client, thing, **{key: name.title()}) == []
        assert await states(client, thing, **{key: "%"}) == []
        assert [s.id for s in await states(client, thing, id=2)] == [2]
        assert await states(client, thing, id=3) == []
        assert await states(client, thing, id=2, **{key: "first"}) == []


async def test_only_other_parts_of_the_system_may_ask_for_states(make: Make, speak: Speak) -> None:
    await make.project("study")
    powerful = person(1, "boss", roles=sorted(GLOBAL_ROLES), memberships=[1])
    for who in ({}, {"by": powerful}, {"by": developer(1)}):
        for thing in ("project", "workspace", "nothing"):
            with pytest.raises(PermissionDenied):
                await speak(**who).get(f"/state/{thing}")
    for name in (*SERVICES, "gateway"):
        assert len(await states(speak(service=name), "project")) == 1


async def test_a_question_for_states_that_makes_no_sense_is_refused(speak: Speak) -> None:
    client = speak(service="jobs")
    for thing in ("nothing", "user", "repo"):
        with pytest.raises(NotFound):
            await client.get(f"/state/{thing}")
    queries: list[dict[str, str | int]] = [
        {"id": "x"},
        {"id": "-1"},
        {"id": "9" * 30},
        {"after": -1},
        {"after": 2**63},
        {"limit": 0},
        {"limit": 501},
    ]
    for query in queries:
        with pytest.raises(Invalid):
            await client.get("/state/project", params=query)


async def test_a_workspace_is_announced_with_growing_versions_and_the_last_is_how_it_stands(
    make: Make, speak: Speak, world: World
) -> None:
    await make.project("study")
    await make.workspace("study", "study-ws")
    client = ProjectsClient(speak(by=developer(1)))
    for value in (True, False, True):
        await client.set_archived("study-ws", is_archived=value)
        await client.set_notifications("study-ws", should_notify=value)
    told = await said(world, WorkspaceState)
    assert [state.version for state in told] == [1, 2, 3, 4, 5, 6, 7]
    assert await states(speak(service="jobs"), "workspace") == [told[-1]]


async def test_what_was_announced_of_a_project_is_what_can_be_asked(
    operate: Operate, make: Make, speak: Speak, world: World
) -> None:
    await make.org(9, "Lead")
    await operate("create_project", "study", "--org", "lead", "--number", "7")
    assert await said(world, ProjectState) == await states(speak(service="jobs"), "project")


async def test_everything_is_said_again_when_an_operator_asks(
    operate: Operate, make: Make, world: World
) -> None:
    await make.project("study", orgs=(1, 2), lead=2)
    await make.workspace("study", "study-ws")
    await world.rows("projects", "delete from outbox")
    assert (await operate("republish_state", "--json")).said == {"count": 2}
    rows = await world.rows("projects", "select subject, body from outbox order by id")
    assert [row["subject"] for row in rows] == [
        "state.projects.project.v1.1",
        "state.projects.workspace.v1.1",
    ]
    project, workspace = (decode(row["body"])[1] for row in rows)
    assert isinstance(project, ProjectState)
    assert (project.version, project.org_ids, workspace.version) == (1, [2, 1], 1)


async def test_a_renamed_person_and_organisation_appear_under_their_new_names(
    bus: Callable[[str], Bus], make: Make, nobody: ProjectsClient, world: World
) -> None:
    await make.project("study", orgs=(3,))
    await make.workspace("study", "study-ws")
    await world.rows("projects", "update projects set copilot_id = 4")
    await world.rows("projects", "update workspaces set created_by_id = 4")
    receiver = bus("projects")
    for version, name in ((1, "Before"), (2, "After")):
        await receiver.deliver(
            REPLICAS,
            UserState(id=4, version=version, username="olga", fullname=name),
            OrgState(id=3, version=version, slug="org", name=name, github_orgs=["opensafely"]),
        )
        page = await nobody.workspace("study-ws")
        assert (page.project.copilot, page.workspace.created_by) == (name, f"{name} (olga)")
        assert [org.name for org in page.project.orgs] == [name]


async def test_an_overtaken_name_does_not_come_back_and_who_is_gone_is_forgotten(
    bus: Callable[[str], Bus], world: World
) -> None:
    receiver = bus("projects")
    await receiver.deliver(REPLICAS, UserState(id=4, version=5, username="olga", fullname="New"))
    await receiver.deliver(REPLICAS, UserState(id=4, version=4, username="olga", fullname="Old"), times=2)
    [row] = await world.rows("projects", "select fullname, version from known_users")
    assert tuple(row) == ("New", 5)
    gone = UserState(id=4, version=6, username="olga", fullname="New", deleted=True)
    await receiver.deliver(REPLICAS, gone, times=2)
    assert await world.rows("projects", "select from known_users") == []
    assert await receiver.dead() == []
