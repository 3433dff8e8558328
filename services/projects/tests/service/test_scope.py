"""Restricted data that a project may use (P17 to P20): who may ask, and what is answered."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import projects
import pytest
from clients.projects import ProjectsClient
from contracts.catalogue import SERVICES
from contracts.roles import GLOBAL_ROLES
from kit.errors import Invalid, NotFound, PermissionDenied
from projects.app import create
from projects.settings import Settings
from testkit.plugin import Speak
from testkit.world import World, person, running

from .conftest import Make

SHIPPED = Path(projects.__file__).parent / "permissions"
INTERNAL = "opensafely-internal"
NDOO_AND_GP = ["include_ndoo", "include_gp_unactivated"]


@pytest.fixture(scope="module")
async def reviewed(settings: dict[str, Any]) -> AsyncIterator[str]:
    """The service with the reviewed set."""
    made = Settings(**settings | {"permissions_dir": SHIPPED / "opensafely"})
    async with running(create(made)) as url:
        yield url


async def test_only_jobs_may_ask(make: Make, speak: Speak) -> None:
    project = await make.project("study", number="34")
    powerful = person(1, "boss", roles=sorted(GLOBAL_ROLES), projects={"ProjectDeveloper": [project]})
    others = [{}, {"by": powerful}] + [{"service": name} for name in (*SERVICES, "gateway") if name != "jobs"]
    for who in others:
        with pytest.raises(PermissionDenied):
            await ProjectsClient(speak(**who)).analysis_scope(project)
    assert await ProjectsClient(speak(service="jobs")).analysis_scope(project) == {}


async def test_who_may_not_ask_does_not_learn_whether_a_project_exists(speak: Speak) -> None:
    with pytest.raises(PermissionDenied):
        await ProjectsClient(speak(by=person(1, "otis", roles=["OutputChecker"]))).analysis_scope(99)


async def test_of_an_unknown_project_there_is_no_scope(speak: Speak) -> None:
    client = speak(service="jobs")
    with pytest.raises(NotFound):
        await ProjectsClient(client).analysis_scope(99)
    for odd in ("x", "1.5", "99999999999999999999"):
        with pytest.raises(Invalid):
            await client.get(f"/projects/{odd}/analysis-scope")


async def test_a_new_installation_lets_nobody_use_restricted_data(make: Make, speak: Speak) -> None:
    client = ProjectsClient(speak(service="jobs"))
    for slug, number in (("two", "2"), (INTERNAL, None), ("pos", "POS-2026-3001"), ("long", "171")):
        assert await client.analysis_scope(await make.project(slug, number=number)) == {}


async def test_the_reviewed_set_counts_for_the_projects_it_names(
    make: Make, world: World, reviewed: str
) -> None:
    http = world.client(reviewed, service="jobs")
    client = ProjectsClient(http)
    for slug, number, scope in (
        ("a", "2", {"population_permissions": ["include_t1oo"]}),
        ("b", "34", {"population_permissions": ["include_t1oo"], "dataset_permissions": ["appointments"]}),
        (
            "c",
            "171",
            {"population_permissions": NDOO_AND_GP, "dataset_permissions": ["appointments", "ukrr"]},
        ),
        ("d", "POS-2026-3008", {"population_permissions": ["include_ndoo"]}),
        ("e", "POS-2026-3009", {}),
        ("f", "1", {}),
        ("g", None, {}),
        (
            INTERNAL,
            None,
            {"population_permissions": NDOO_AND_GP, "dataset_permissions": ["appointments", "icnarc"]},
        ),
    ):
        assert await client.analysis_scope(await make.project(slug, number=number)) == scope, slug
    await http.close()


def test_a_folder_that_is_not_there_stops_the_start(settings: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="PERMISSIONS_DIR"):
        create(Settings(**settings | {"permissions_dir": tmp_path / "nowhere"}))
