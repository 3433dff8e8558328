"""Projects and workspaces: made by commands, changed by those who may."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from contracts.statement import Claims
from projects.app import create
from projects.cli import commands
from projects.settings import Settings
from testkit.commands import Ran, run_command
from testkit.world import World, person, running

REPO = "https://github.com/opensafely/demo-study"


@pytest.fixture(scope="module")
def settings(world: World) -> dict[str, Any]:
    world.migrate("projects")
    return world.settings("projects")


@pytest.fixture(autouse=True)
async def clean(world: World, settings: dict[str, Any]) -> None:
    await world.clean("projects")


@pytest.fixture(scope="module")
async def url(settings: dict[str, Any]) -> AsyncIterator[str]:
    async with running(create(Settings(**settings))) as url:
        yield url


async def command(settings: dict[str, Any], *words: str) -> Ran:
    return await run_command(commands, settings, *words, "--json")


async def make(settings: dict[str, Any]) -> int:
    """The demo project with its workspace; the project's id."""
    made = await command(settings, "create_project", "demo-project", "--name", "Demo", "--number", "101")
    assert made.code == 0, made.text
    workspace = await command(settings, "create_workspace", "demo-project", "demo-workspace", "--repo", REPO)
    assert workspace.code == 0, workspace.text
    return int(made.said["id"])


def asking(world: World, url: str, user: Claims | None) -> httpx.AsyncClient:
    said = world.signer().sign(kind="session" if user else "anonymous", user=user)
    return httpx.AsyncClient(base_url=url, headers={"x-job-server-identity": said})


async def test_a_command_repeated_changes_and_announces_nothing(
    settings: dict[str, Any], world: World
) -> None:
    await make(settings)
    before = await world.announced("projects")
    assert any(subject.startswith("state.projects.workspace.") for subject in before)
    await make(settings)
    assert await world.announced("projects") == before


@pytest.mark.parametrize("name", ["logs", "releases", "123", "a b", "", "x/y", "ü"])
async def test_a_workspace_cannot_have_any_name(settings: dict[str, Any], name: str) -> None:
    await make(settings)
    refused = await command(settings, "create_workspace", "demo-project", name, "--repo", REPO)
    assert refused.code != 0


@pytest.mark.parametrize("slug", ["event-log", "api", "static", "users", "a b", "x/y"])
async def test_a_project_cannot_have_any_slug(settings: dict[str, Any], slug: str) -> None:
    assert (await command(settings, "create_project", slug, "--name", "Something")).code != 0


async def test_a_workspace_name_is_taken_in_the_whole_system(settings: dict[str, Any]) -> None:
    await make(settings)
    await command(settings, "create_project", "other", "--name", "Other")
    taken = await command(settings, "create_workspace", "other", "demo-workspace", "--repo", REPO)
    assert taken.code != 0


async def test_only_who_may_archives_a_workspace(settings: dict[str, Any], world: World, url: str) -> None:
    project = await make(settings)
    developer = person(1, "rosa", projects={"ProjectDeveloper": [project]})
    elsewhere = person(2, "ravi", projects={"ProjectDeveloper": [project + 1]})
    collaborator = person(3, "cleo", projects={"ProjectCollaborator": [project]})
    for user in (None, elsewhere, collaborator):
        async with asking(world, url, user) as client:
            answer = await client.patch("/workspaces/demo-workspace", json={"is_archived": True})
            assert answer.status_code == 404, "who may not, learns nothing"
    async with asking(world, url, developer) as client:
        answer = await client.patch("/workspaces/demo-workspace", json={"is_archived": True})
        assert answer.status_code == 204, answer.text
    [row] = await world.rows("projects", "select is_archived, version from workspaces")
    assert (row["is_archived"], row["version"]) == (True, 2)


async def test_everybody_may_read_what_is_public(settings: dict[str, Any], world: World, url: str) -> None:
    await make(settings)
    async with asking(world, url, None) as client:
        assert (await client.get("/projects/demo-project")).json()["project"]["name"] == "Demo"
        assert (await client.get("/workspaces/demo-workspace")).status_code == 200
        assert (await client.get("/workspaces/nothing-here")).status_code == 404
        assert (await client.get("/projects", params={"before": "x"})).status_code < 500
