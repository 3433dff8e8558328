"""authenticate and authorise, asked of a real identity service (A12 to A24)."""

from typing import Any

import httpx
import pytest
from contracts.projects import ProjectState, WorkspaceState
from messaging.replicas import write
from messaging.uow import Units
from releases import replicas
from releases.app import create
from releases.settings import Settings
from testkit.world import World, running

from .conftest import Airlock, People
from .known import ELSEWHERE, OTIS, STUDY

AUTHENTICATE, AUTHORISE = "releases/authenticate", "releases/authorise"
both = pytest.mark.parametrize("path", [AUTHENTICATE, AUTHORISE])
REQUIRED = ["This field is required."]
BLANK = ["This field may not be blank."]


async def ask(airlock: Airlock, path: str, **body: Any) -> tuple[int, Any]:
    answer = await airlock.post(path, json=body)
    return answer.status_code, answer.json()


def record(name: str, **more: Any) -> dict[str, Any]:
    return {
        "username": name,
        "fullname": name.title(),
        "workspaces": {},
        "copiloted_workspaces": {},
        "output_checker": False,
        "readonly_access": False,
    } | more


def entry(name: str = "Study", *, archived: bool = False, ongoing: bool = True) -> dict[str, Any]:
    return {
        "project_details": {"name": name, "ongoing": ongoing, "orgs": ["Org One"]},
        "archived": archived,
    }


async def test_the_right_words_give_the_user_record_once(airlock: Airlock, people: People) -> None:
    jane = await people.make("jane")
    await people.join("jane", STUDY, "ProjectDeveloper")
    words = await people.words(jane)
    wanted = record("jane", workspaces={"study-ws": entry()})
    assert await ask(airlock, AUTHENTICATE, user="jane", token=words) == (200, wanted)
    refused = (403, {"detail": "No login token set for jane"})
    assert await ask(airlock, AUTHENTICATE, user="jane", token=words) == refused


@pytest.mark.parametrize("user", ["jane@example.org", "JANE@example.org", "  jane  "])
async def test_an_address_or_stray_spaces_name_the_same_person(
    airlock: Airlock, people: People, user: str
) -> None:
    words = await people.words(await people.make("jane", email="jane@example.org"))
    spaced = "  " + "   ".join(words.split()) + " "
    assert await ask(airlock, AUTHENTICATE, user=user, token=spaced) == (200, record("jane"))


async def test_a_form_is_understood_too(airlock: Airlock, people: People) -> None:
    """A8"""
    words = await people.words(await people.make("jane"))
    answer = await airlock.post(AUTHENTICATE, data={"user": "jane", "token": words})
    assert (answer.status_code, answer.json()) == (200, record("jane"))
    answer = await airlock.post(AUTHORISE, data={"user": "jane"})
    assert (answer.status_code, answer.json()) == (200, record("jane"))


async def test_authorise_needs_no_words_and_takes_no_address(airlock: Airlock, people: People) -> None:
    await people.make("jane", "OutputChecker", email="jane@example.org")
    for _ in range(2):
        assert await ask(airlock, AUTHORISE, user="jane") == (200, record("jane", output_checker=True))
    assert await ask(airlock, AUTHORISE, user="jane@example.org") == (
        404,
        {"detail": "No User matches the given query."},
    )


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"user": REQUIRED, "token": REQUIRED}),
        ({"user": "jane"}, {"token": REQUIRED}),
        ({"user": "", "token": " "}, {"user": BLANK, "token": BLANK}),
        ({"user": None, "token": "x"}, {"user": ["This field may not be null."]}),
        ({"user": ["jane"], "token": "x"}, {"user": ["Not a valid string."]}),
    ],
)
async def test_missing_and_blank_fields_are_named(
    airlock: Airlock, body: dict[str, Any], faults: dict[str, Any]
) -> None:
    assert await ask(airlock, AUTHENTICATE, **body) == (400, faults)
    of_user = {"user": faults["user"]} if "user" in faults else None
    if of_user:
        assert await ask(airlock, AUTHORISE, **body) == (400, of_user)


@pytest.mark.parametrize("body", [{"user": "x" * 301, "token": "y"}, {"user": "jane", "token": "y" * 501}])
async def test_a_value_longer_than_any_real_one_is_a_fault(
    airlock: Airlock, people: People, body: dict[str, str]
) -> None:
    status, faults = await ask(airlock, AUTHENTICATE, **body)
    assert (status, len(faults)) == (400, 1)


@both
@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"user": "a\\u0000", "token": "b"}', b"\xff"])
async def test_what_cannot_be_read_is_refused(airlock: Airlock, path: str, raw: bytes) -> None:
    """A8"""
    answer = await airlock.post(path, content=raw)
    assert answer.status_code == 400


async def test_who_is_unknown_is_refused_here_and_not_found_there(airlock: Airlock, people: People) -> None:
    status, said = await ask(airlock, AUTHENTICATE, user="ghost", token="a b c")
    assert (status, said) == (403, {"detail": "User matching query does not exist."})
    wanted = (404, {"detail": "No User matches the given query."})
    assert await ask(airlock, AUTHORISE, user="ghost") == wanted


@both
async def test_who_has_no_github_account_is_refused(
    airlock: Airlock, people: People, world: World, path: str
) -> None:
    await people.make("robot")
    await world.rows("identity", "delete from external_identities")
    refused = (403, {"detail": "User robot is not a github user"})
    assert await ask(airlock, path, user="robot", token="a b c") == refused


async def test_who_has_no_backend_cannot_log_in(airlock: Airlock, people: People) -> None:
    await people.make("jane", backend=False)
    refused = (403, {"detail": "User jane does not have access to any backends"})
    assert await ask(airlock, AUTHENTICATE, user="jane", token="a b c") == refused


@pytest.mark.parametrize("left", ["update users set is_active = false", "delete from backend_memberships"])
async def test_who_has_left_keeps_no_rights_in_airlock(
    airlock: Airlock, people: People, units: Units, world: World, left: str
) -> None:
    """It forgets old rights only when it is told of new ones (A17)."""
    jane = await people.make("jane", "OutputChecker", "DeploymentAdministrator")
    await people.join("jane", STUDY, "ProjectDeveloper")
    async with units() as uow:
        project = ProjectState(id=STUDY, version=2, slug="study", name="Study", org_ids=[1], copilot_id=jane)
        await write(uow.session, replicas.PROJECTS, [project])
    words = await people.words(jane)
    await world.rows("identity", left)
    assert await ask(airlock, AUTHORISE, user="jane") == (200, record("jane"))
    assert (await ask(airlock, AUTHENTICATE, user="jane", token=words))[0] == 403
    assert (await ask(airlock, AUTHORISE, user="ghost"))[0] == 404


async def test_wrong_and_expired_words_are_refused_in_their_own_sentences(
    airlock: Airlock, people: People, world: World
) -> None:
    words = await people.words(await people.make("jane"))
    wrong = await ask(airlock, AUTHENTICATE, user="jane", token="wrong horse battery")
    assert wrong == (403, {"detail": "Token for jane was invalid"})
    await world.rows("identity", "update login_tokens set expires_at = now() - interval '1 second'")
    expired = await ask(airlock, AUTHENTICATE, user="jane", token=words)
    assert expired == (403, {"detail": "Token for jane has expired"})


async def test_a_backend_the_person_is_no_member_of_may_ask_too(airlock: Airlock, people: People) -> None:
    """A15"""
    words = await people.words(await people.make("jane"))
    answer = await airlock.post(AUTHENTICATE, backend="emis", json={"user": "jane", "token": words})
    assert answer.status_code == 200


@both
@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ({"kind": "anonymous"}, "Authorization header is missing"),
        ({"kind": "anonymous", "reason": "empty"}, "Authorization header is empty"),
        ({"kind": "failed", "reason": "invalid_token"}, "Invalid token"),
        ({"kind": "session", "user": OTIS}, "Authorization header is missing"),
    ],
)
async def test_only_a_backend_may_ask(
    airlock: Airlock, world: World, path: str, statement: dict[str, Any], text: str
) -> None:
    headers = {"x-job-server-identity": world.signer().sign(**statement)}
    answer = await airlock.client.post(f"/api/v2/{path}", headers=headers, content=b"{")
    assert (answer.status_code, answer.json()) == (403, {"detail": text})


async def test_the_record_follows_memberships_roles_and_projects(
    airlock: Airlock, people: People, units: Units
) -> None:
    """A20 to A23"""
    jane = await people.make("jane")
    await people.join("jane", STUDY, "ProjectDeveloper")
    await people.join("jane", ELSEWHERE, "ProjectCollaborator")
    await people.make("olga", "OutputChecker")
    await people.join("olga", ELSEWHERE)
    await people.make("ada", "DeploymentAdministrator")
    async with units() as uow:
        project = ProjectState(
            id=STUDY,
            version=2,
            slug="study",
            name="Study",
            status="completed",
            org_ids=[2, 1],
            copilot_id=jane,
        )
        workspace = WorkspaceState(
            id=3, version=1, name="old-ws", project_id=STUDY, repo_url="r", branch="main", is_archived=True
        )
        await write(uow.session, replicas.PROJECTS, [project])
        await write(uow.session, replicas.WORKSPACES, [workspace])
    details = {"name": "Study", "ongoing": False, "orgs": ["B", "Org One"]}
    mine = {
        "study-ws": {"project_details": details, "archived": False},
        "old-ws": {"project_details": details, "archived": True},
    }
    found = {name: (await ask(airlock, AUTHORISE, user=name))[1] for name in ("jane", "olga", "ada")}
    assert found == {
        "jane": record("jane", workspaces=mine, copiloted_workspaces=mine),
        "olga": record("olga", workspaces={"other-ws": entry("Elsewhere")}, output_checker=True),
        "ada": record("ada", readonly_access=True),
    }


@pytest.mark.parametrize(
    ("status", "ongoing"),
    [
        ("ongoing", True),
        ("ongoing-and-linked", True),
        ("completed", False),
        ("completed-and-linked", False),
        ("retired", False),
        ("postponed", False),
    ],
)
async def test_a_project_goes_on_in_two_of_its_states(
    airlock: Airlock, people: People, units: Units, status: str, ongoing: bool
) -> None:
    await people.make("jane")
    await people.join("jane", STUDY, "ProjectDeveloper")
    async with units() as uow:
        project = ProjectState(id=STUDY, version=2, slug="study", name="Study", status=status, org_ids=[1])
        await write(uow.session, replicas.PROJECTS, [project])
    _, said = await ask(airlock, AUTHORISE, user="jane")
    assert said["workspaces"] == {"study-ws": entry(ongoing=ongoing)}


@both
async def test_while_identity_is_away_nobody_is_told_that_they_are_wrong(
    world: World, settings: dict[str, Any], path: str
) -> None:
    """A 5xx keeps the login in Airlock; a refusal would be a lie."""
    app = create(Settings(**settings | {"identity_url": "http://127.0.0.1:1"}))
    async with running(app) as url, httpx.AsyncClient(base_url=url) as client:
        answer = await Airlock(world, client).post(path, json={"user": "jane", "token": "a b c"})
    assert answer.status_code == 503
    assert isinstance(answer.json()["detail"], str)
