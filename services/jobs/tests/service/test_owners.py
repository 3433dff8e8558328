"""What has not arrived here yet is asked of its owner: by whoever looks, and before something is sent."""

import pytest
from clients.jobs import JobsClient
from jobs.models import JobRequest
from jobs.rap.dispatcher import Dispatcher
from kit.errors import NotFound, Unavailable
from testkit.plugin import Speak
from testkit.world import World

from .conftest import Made, Projects

REPO = "https://github.com/opensafely/demo-study"
STATES = {
    "workspace": [
        {"id": 1, "version": 1, "name": "demo-workspace", "project_id": 1, "repo_url": REPO, "branch": "main"}
    ],
    "project": [{"id": 1, "version": 1, "slug": "demo-project", "name": "Demo"}],
}


async def forget(world: World) -> None:
    await world.rows("jobs", "delete from known_workspaces")
    await world.rows("jobs", "delete from known_projects")


async def test_a_request_is_shown_though_its_workspace_has_not_arrived(
    made: Made, speak: Speak, world: World, projects: Projects
) -> None:
    request = await made.request()
    await world.rows(
        "jobs",
        "insert into jobs (identifier, job_request_id, action, status, status_code, status_message,"
        " run_command, created_at, updated_at)"
        f" select 'abcdefgh', {request.id}, 'report', 'running', 'executing', '',"
        " '', now(), now()",
    )
    await forget(world)
    projects.states = STATES
    client = JobsClient(speak())
    assert (await client.request(request.id)).workspace.project_slug == "demo-project"
    await forget(world)
    assert (await client.job("abcdefgh")).project_slug == "demo-project"
    assert projects.asked == ["workspace", "project"] * 2


async def test_what_nobody_can_tell_now_is_not_said_to_be_missing(
    made: Made, speak: Speak, projects: Projects
) -> None:
    request = await made.request(workspace="lost-ws", workspace_id=77, project_id=77)
    with pytest.raises(Unavailable):
        await JobsClient(speak()).request(request.id)
    with pytest.raises(NotFound):
        await JobsClient(speak()).request(request.id + 1)


async def test_states_of_a_workspace_made_a_moment_ago_are_none_yet(
    made: Made, speak: Speak, world: World, projects: Projects
) -> None:
    """And what its owner does not know is not asked for again at once."""
    client = speak()
    for _ in range(3):
        assert (await client.request("GET", "/api/v2/workspaces/nosuch/statuses/")).status == 404
    assert projects.asked == ["workspace"]
    projects.states = {"workspace": [dict(STATES["workspace"][0], id=5, name="new-ws")]}
    answer = await client.request("GET", "/api/v2/workspaces/new-ws/statuses/")
    assert (answer.status, answer.body) == (200, b"{}")


async def test_a_request_is_sent_though_its_workspace_and_project_have_not_arrived(
    waiting: JobRequest, dispatcher: Dispatcher, projects: Projects, world: World
) -> None:
    await forget(world)
    projects.states = {
        "workspace": [dict(STATES["workspace"][0], name=waiting.workspace)],
        "project": STATES["project"],
    }
    await dispatcher.once()
    [row] = await world.rows("jobs", "select state, trouble from submissions")
    assert tuple(row) == ("waiting", "part_away")
    await world.rows("jobs", "update submissions set next_attempt_at = now()")
    await dispatcher.once()
    [row] = await world.rows("jobs", "select state, trouble from submissions")
    assert tuple(row) == ("accepted", None)
