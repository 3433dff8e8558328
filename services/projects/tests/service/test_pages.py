"""One project, one workspace, and the public question about its flow (P3, P5, P11, P14)."""

import pytest
from clients.projects import ProjectsClient
from contracts.identity import OrgState
from kit.errors import NotFound
from messaging.replicas import write
from messaging.uow import Units
from projects import replicas
from testkit.plugin import Speak
from testkit.world import World, person

from .conftest import REPO, Make

STATUS = "/api/v2/workspaces/{}/status"


async def test_a_project_has_its_organisations_with_the_lead_first_then_as_they_joined(
    nobody: ProjectsClient, make: Make
) -> None:
    for number, name in enumerate(("One", "Two", "Three"), 1):
        await make.org(number, name)
    await make.project("study", orgs=(3, 1, 2), lead=2)
    found = (await nobody.project("study")).project
    assert [(org.id, org.slug, org.name) for org in found.orgs] == [
        (2, "two", "Two"),
        (3, "three", "Three"),
        (1, "one", "One"),
    ]


async def test_a_project_without_organisations_number_or_copilot_has_a_page(
    nobody: ProjectsClient, make: Make
) -> None:
    project = await make.project("study", "The study")
    page = await nobody.project("study")
    assert page.workspaces == []
    found = page.project
    assert (found.id, found.name, found.number, found.status) == (project, "The study", None, "ongoing")
    assert (found.orgs, found.copilot) == ([], None)
    assert found.created_at.tzinfo is not None


async def test_the_copilot_is_shown_by_full_name(nobody: ProjectsClient, make: Make, world: World) -> None:
    await make.user(4, "olga", "Olga Brandt")
    await make.project("study")
    await world.rows("projects", "update projects set copilot_id = 4")
    assert (await nobody.project("study")).project.copilot == "Olga Brandt"


async def test_a_workspace_has_its_project_and_what_it_is_for(nobody: ProjectsClient, make: Make) -> None:
    await make.org(1, "One")
    project = await make.project("study", "The study", number="12", orgs=(1,))
    workspace = await make.workspace("study", "study-ws", purpose="A <b>purpose</b>")
    page = await nobody.workspace("study-ws")
    assert (page.project.id, page.project.title) == (project, "12 - The study")
    assert [org.name for org in page.project.orgs] == ["One"]
    found = page.workspace
    assert (found.id, found.project_id, found.repo_url, found.branch) == (workspace, project, REPO, "main")
    assert (found.purpose, found.is_archived, found.should_notify) == ("A <b>purpose</b>", False, False)


async def test_who_made_a_workspace_is_named_in_full_when_we_know_them(
    nobody: ProjectsClient, make: Make, world: World
) -> None:
    await make.project("study")
    await make.workspace("study", "study-ws")
    await world.rows("projects", "update workspaces set created_by = 'rosa', created_by_id = 4")
    assert (await nobody.workspace("study-ws")).workspace.created_by == "rosa"
    await world.rows("projects", "update workspaces set created_by = 'operator:root' where name = 'study-ws'")
    [created_by] = {w.created_by for w in (await nobody.project("study")).workspaces if w.name == "study-ws"}
    assert created_by == "an operator", "the machine's accounts are nobody's business"
    await make.user(4, "rosa", "Rosa Marsh")
    assert (await nobody.workspace("study-ws")).workspace.created_by == "Rosa Marsh (rosa)"


async def test_an_archived_workspace_does_not_exist_for_people_without_a_role(
    make: Make, speak: Speak
) -> None:
    await make.project("study")
    await make.workspace("study", "old", archived=True)
    for hidden in (speak(), speak(by=person(1, "cleo", memberships=[1]))):
        there = await hidden.request("GET", "/workspaces/old")
        nowhere = await hidden.request("GET", "/workspaces/never")
        assert (there.status, nowhere.status) == (404, 404)
        assert [answer.body.partition(b"request_id")[0] for answer in (there, nowhere)] == [
            there.body.partition(b"request_id")[0]
        ] * 2
    seen = ProjectsClient(speak(by=person(1, "ravi", projects={"ProjectCollaborator": [99]})))
    assert (await seen.workspace("old")).workspace.is_archived


async def test_only_the_exact_name_leads_there(speak: Speak, make: Make) -> None:
    await make.project("study")
    await make.workspace("study", "study-ws")
    client = speak()
    for name in ("Study", "stud", "study-ws", "%25", "x" * 2000, "%E2%98%83"):
        assert (await client.request("GET", f"/projects/{name}")).status == 404, name
    for name in ("Study-WS", "study_ws", "study", "%25", "x" * 2000, "%E2%98%83"):
        assert (await client.request("GET", f"/workspaces/{name}")).status == 404, name
        assert (await client.request("GET", STATUS.format(name))).status == 404, name


async def test_a_name_that_cannot_be_one_is_a_bad_request(speak: Speak) -> None:
    client = speak()
    for path in ("/projects/a%00b", "/workspaces/a%00b", STATUS.format("a%00b")):
        assert (await client.request("GET", path)).status == 400


async def test_an_organisation_that_has_not_arrived_is_left_out_until_it_does(
    nobody: ProjectsClient, make: Make, units: Units
) -> None:
    await make.org(2, "Here")
    await make.project("study", orgs=(1, 2))
    assert [org.name for org in (await nobody.project("study")).project.orgs] == ["Here"]
    [row] = (await nobody.projects(mine=False)).rows
    assert row.lead_org == "Here"
    async with units() as uow:
        await write(uow.session, replicas.ORGS, [OrgState(id=1, version=1, slug="lead", name="Lead")])
    assert [org.name for org in (await nobody.project("study")).project.orgs] == ["Lead", "Here"]


@pytest.mark.parametrize("archived", [False, True])
async def test_anybody_may_ask_for_the_flow_of_a_workspace(make: Make, speak: Speak, archived: bool) -> None:
    await make.project("study")
    await make.workspace("study", "study-ws", archived=archived)
    for client in (speak(), speak(by=person(1, "new")), speak(service="releases")):
        answer = await client.request("GET", STATUS.format("study-ws"))
        assert (answer.status, answer.body) == (200, b'{"uses_new_release_flow":true}')


async def test_the_flow_of_an_older_workspace_is_the_old_one(speak: Speak, make: Make, world: World) -> None:
    await make.project("study")
    await make.workspace("study", "study-ws")
    await world.rows("projects", "update workspaces set uses_new_release_flow = false")
    answer = await speak().request("GET", STATUS.format("study-ws"))
    assert (answer.status, answer.body) == (200, b'{"uses_new_release_flow":false}')


async def test_an_unknown_workspace_has_no_flow_in_the_words_of_the_reference(speak: Speak) -> None:
    answer = await speak().request("GET", STATUS.format("nothing"))
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/json"
    assert answer.body == b'{"detail":"No Workspace matches the given query."}'


async def test_a_client_hears_that_a_thing_is_not_there(nobody: ProjectsClient) -> None:
    with pytest.raises(NotFound, match=r"There is no such project\."):
        await nobody.project("nothing")
    with pytest.raises(NotFound, match=r"There is no such workspace\."):
        await nobody.workspace("nothing")
