"""GET /api/v2/users/<username>/ with a backend's token (I31, I32)."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from contracts.projects import ProjectState
from contracts.roles import ROLES
from identity import replicas
from identity.actions import rights
from kit.identity import HEADER
from messaging.replicas import write
from messaging.uow import Units
from testkit.world import World, person

from .conftest import MakeUser

MISSING = "Authorization header is missing"
EMPTY = '{"permissions":{"global":[],"projects":[]},"roles":{"global":[],"projects":[]}}'
Ask = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def ask(world: World, url: str) -> Ask:
    """As the gateway passes a call on; `who` is the statement, of the backend tpp if nothing is said."""

    async def send(path: str, method: str = "GET", **who: Any) -> httpx.Response:
        statement = world.signer().sign(**(who or {"kind": "backend", "backend": "tpp"}))
        async with httpx.AsyncClient(base_url=url, headers={HEADER: statement}, verify=False) as client:
            return await client.request(method, f"/api/v2/users/{path}")

    return send


@pytest.fixture
async def alice(make_user: MakeUser, units: Units) -> None:
    """Staff; a developer of one project, a member without roles of another."""
    await make_user("alice", roles=("StaffAreaAdministrator",))
    async with units() as uow:
        projects = [
            ProjectState(id=1, version=1, slug="p3", name="P3"),
            ProjectState(id=2, version=1, slug="my-project", name="My Project"),
        ]
        await write(uow.session, replicas.PROJECTS, projects)
        await rights.add_member(uow, 1, "alice", [], by="test")
        await rights.add_member(uow, 2, "alice", ["ProjectDeveloper", "ProjectCollaborator"], by="test")


async def test_the_answer_has_its_shape_byte_for_byte(ask: Ask, alice: None) -> None:
    """Sorted; every membership appears; global roles are not merged into those of projects."""
    answer = await ask("alice/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.text == (
        '{"permissions":{"global":["application_manage","backend_manage","org_create",'
        '"staff_area_access","user_manage"],"projects":[{"slug":"my-project","permissions":['
        '"job_cancel","job_run","project_manage","release_file_view","snapshot_create",'
        '"unreleased_outputs_view","workspace_archive","workspace_create",'
        '"workspace_toggle_notifications"]},{"slug":"p3","permissions":[]}]},'
        '"roles":{"global":["StaffAreaAdministrator"],"projects":[{"slug":"my-project","roles":['
        '"ProjectCollaborator","ProjectDeveloper"]},{"slug":"p3","roles":[]}]}}'
    )


async def test_who_has_nothing_gets_empty_lists(ask: Ask, make_user: MakeUser) -> None:
    await make_user("bob")
    assert (await ask("bob/")).text == EMPTY


async def test_permissions_of_several_roles_are_united(ask: Ask, make_user: MakeUser) -> None:
    await make_user("bob", roles=("ServiceAdministrator", "StaffAreaAdministrator"))
    said = (await ask("bob/")).json()
    assert said["roles"]["global"] == ["ServiceAdministrator", "StaffAreaAdministrator"]
    found = said["permissions"]["global"]
    assert found == sorted(set(found))
    assert found.count("org_create") == 1


async def test_a_role_that_is_no_more_carries_no_permission(
    ask: Ask, make_user: MakeUser, world: World
) -> None:
    """I4"""
    await make_user("bob", roles=("OutputChecker",))
    await world.rows("identity", "update role_grants set role = 'Vestige'")
    said = (await ask("bob/")).json()
    assert (said["roles"]["global"], said["permissions"]["global"]) == (["Vestige"], [])


async def test_grants_that_ended_are_left_out(ask: Ask, alice: None, world: World) -> None:
    await world.rows("identity", "update role_grants set ends_at = now() - interval '1 second'")
    said = (await ask("alice/")).json()
    assert said["roles"] == {
        "global": [],
        "projects": [{"slug": "my-project", "roles": []}, {"slug": "p3", "roles": []}],
    }


@pytest.mark.parametrize("path", ["nobody/", "ALICE/", "alice%00/", "%20alice/", "alice@example.org/"])
async def test_somebody_unknown_is_not_found(ask: Ask, alice: None, path: str) -> None:
    answer = await ask(path)
    assert (answer.status_code, answer.text) == (404, '{"detail":"Not found."}')


async def test_somebody_disabled_is_not_found(ask: Ask, alice: None, world: World) -> None:
    await world.rows("identity", "update users set is_active = false")
    assert (await ask("alice/")).status_code == 404


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ({"kind": "anonymous"}, MISSING),
        ({"kind": "anonymous", "reason": "empty"}, "Authorization header is empty"),
        ({"kind": "failed", "reason": "invalid_token"}, "Invalid token"),
        ({"kind": "failed", "reason": "unknown_user"}, "Invalid token"),
        ({"kind": "pat", "user": person(1, "alice")}, "Invalid token"),
        ({"kind": "session", "user": person(1, "alice", roles=sorted(ROLES))}, MISSING),
    ],
)
async def test_only_a_backend_is_answered(ask: Ask, alice: None, who: dict[str, Any], says: str) -> None:
    """Whether somebody exists, and what may be done, is told to nobody else."""
    for path in ("alice/", "nobody/"):
        for method in ("GET", "POST"):
            answer = await ask(path, method, **who)
            assert (answer.status_code, answer.json()) == (403, {"detail": says})
            assert "www-authenticate" not in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_it_can_only_be_read(ask: Ask, alice: None, method: str) -> None:
    answer = await ask("alice/", method)
    assert (answer.status_code, answer.json()) == (405, {"detail": f'Method "{method}" not allowed.'})
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


async def test_head_answers_as_get_without_a_body(ask: Ask, alice: None) -> None:
    for path, status in (("alice/", 200), ("nobody/", 404)):
        answer = await ask(path, "HEAD")
        assert (answer.status_code, answer.content) == (status, b"")


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("alice", "/api/v2/users/alice/"),
        ("o.b-c_d@e+f", "/api/v2/users/o.b-c_d%40e%2Bf/"),
        ("a%0D%0Ab", "/api/v2/users/a%0D%0Ab/"),
    ],
)
async def test_without_the_slash_one_is_sent_on(ask: Ask, name: str, address: str) -> None:
    answer = await ask(name)
    assert (answer.status_code, answer.headers["location"]) == (301, address)


async def test_any_username_has_its_address(ask: Ask, make_user: MakeUser) -> None:
    await make_user("o.b-c_d@e+f")
    assert (await ask("o.b-c_d%40e%2Bf/")).text == EMPTY
