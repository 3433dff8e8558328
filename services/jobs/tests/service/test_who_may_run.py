"""Who may run what, where and on which backend."""

from typing import Any

import httpx
import pytest
from clients.jobs import JobsClient
from contracts.projects import ProjectState, WorkspaceState
from contracts.statement import Claims
from jobs.app import create
from jobs.settings import Settings
from kit.errors import Conflict, Invalid, PermissionDenied
from testkit.plugin import Speak
from testkit.world import World, person, running

from .conftest import Made, Projects
from .submitting import PIPELINE, REPO, ROSA, push, submit


async def test_a_project_that_may_use_sqlrunner_can(
    made: Made, speak: Speak, control: httpx.AsyncClient
) -> None:
    await made.known(project=ProjectState(id=1, version=2, slug="query-project", name="Query"))
    sha = await push(control, {"project.yaml": PIPELINE.replace("r:v2 tables.R", "sqlrunner:v1 p.sql")})
    assert await submit(JobsClient(speak(by=ROSA)), sha, ["tables"])


@pytest.mark.parametrize(
    "who",
    [
        None,
        person(2, "ada"),
        person(2, "ada", backends=["tpp"]),
        person(2, "ada", projects={"ProjectDeveloper": [2]}, backends=["tpp"]),
        person(2, "ada", projects={"ProjectCollaborator": [1]}, backends=["tpp"]),
        person(2, "ada", roles=["StaffAreaAdministrator", "OutputChecker"], backends=["tpp"]),
    ],
)
async def test_who_may_not_run_is_told_so(made: Made, speak: Speak, head: str, who: Claims | None) -> None:
    """Workspaces are public: nothing is given away."""
    client = JobsClient(speak(by=who) if who else speak())
    with pytest.raises(PermissionDenied, match="role Project developer"):
        await client.run_form("demo-workspace")
    with pytest.raises(PermissionDenied):
        await submit(client, head, ["report"])


async def test_deployment_administrators_run_anywhere_but_only_on_their_backends(
    made: Made, speak: Speak, head: str
) -> None:
    admin = person(3, "support", roles=["DeploymentAdministrator"], backends=["test"])
    client = JobsClient(speak(by=admin))
    assert await submit(client, head, ["report"], backend="test")
    with pytest.raises(Invalid):
        await submit(client, head, ["report"], backend="tpp", key="y" * 16)


async def test_without_a_backend_there_is_no_form(made: Made, speak: Speak) -> None:
    nobody = person(1, "rosa", projects={"ProjectDeveloper": [1]})
    with pytest.raises(PermissionDenied, match="backend"):
        await JobsClient(speak(by=nobody)).run_form("demo-workspace")


async def test_nothing_is_run_in_an_archived_workspace(made: Made, speak: Speak, head: str) -> None:
    old = WorkspaceState(
        id=1, version=2, name="demo-workspace", project_id=1, repo_url=REPO, branch="main", is_archived=True
    )
    await made.known(old=old)
    client = JobsClient(speak(by=ROSA))
    with pytest.raises(Conflict, match="archived"):
        await client.run_form("demo-workspace")
    with pytest.raises(Conflict, match="archived"):
        await submit(client, head, ["report"])
    with pytest.raises(PermissionDenied):
        await JobsClient(speak()).run_form("demo-workspace")


async def test_closing_leaves_the_backends_that_are_not_closed(
    world: World, settings: dict[str, Any], made: Made, head: str, projects: Projects
) -> None:
    async with running(create(Settings(**settings, disable_creating_jobs=True))) as url:
        client = world.client(url, by=ROSA)
        jobs = JobsClient(client)
        assert [one.slug for one in (await jobs.run_form("demo-workspace")).backends] == ["test"]
        with pytest.raises(Invalid):
            await submit(jobs, head, ["report"], backend="tpp")
        await client.close()
        only = world.client(url, by=person(1, "rosa", projects={"ProjectDeveloper": [1]}, backends=["tpp"]))
        with pytest.raises(PermissionDenied):
            await JobsClient(only).run_form("demo-workspace")
        await only.close()
