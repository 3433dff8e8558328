"""What the real Airlock was recorded sending, replayed; who it is said to be is found out by identity.

The recorded answers came from a stand-in of the job server, so ids, the shape of URLs and its own words of
refusal are replaced by ours; statuses, headers and everything else are the same.
"""

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from clients.identity import IdentityClient
from contracts.identity import OrgState, UserState
from contracts.projects import ProjectState, WorkspaceState
from kit.identity import HEADER
from messaging.replicas import write
from messaging.uow import Units
from releases import replicas
from testkit.world import World

from .conftest import BASE, People, blob, stored

HAPPY = "01M84KHD5VWA43R0YC5XND2PXV"
WORKSPACES = (("study-ws", 1), ("fault-ws", 2), ("archived-ws", 2), ("closed-ws", 3))
ACCOUNTS = [
    ("alice", "Alice Author", []),
    ("checker1", "Checker One", ["OutputChecker"]),
    ("checker2", "Checker Two", ["OutputChecker"]),
    ("copilot", "Co Pilot", []),
    ("readonly", "Read Only", ["DeploymentAdministrator"]),
    ("nobody", "Nobody", []),  # here everybody has a name
]


class Recorded:
    """Sends recorded calls as the gateway would, and says what the recording leads one to expect."""

    def __init__(
        self,
        world: World,
        http: httpx.AsyncClient,
        people: People,
        gateway: IdentityClient,
        ids: dict[str, int],
    ) -> None:
        self.world, self.http, self.people, self.gateway, self.ids = world, http, people, gateway, ids

    async def send(self, call: dict[str, Any]) -> httpx.Response:
        headers = {name.lower(): value for name, value in call["headers"]}
        assert headers["authorization"] == "airlock-backend-token"
        who = await self.gateway.backend(self.people.token, headers.get("os-user"))
        kept = {name: headers[name] for name in ("accept", "content-type", "traceparent") if name in headers}
        kept[HEADER] = self.world.signer().sign(kind="backend", backend=who.backend, acting=who.acting)
        if "content-disposition" in headers:
            raw = headers["content-disposition"].encode("latin-1")
            kept["x-raw-disposition"] = base64.b64encode(raw).decode()
        if "content-length" in headers:
            kept["x-declared-length"] = headers["content-length"]
        content = base64.b64decode(call["body_base64"] or "") or (call["body"] or "").encode()
        if "transfer-encoding" in headers:
            return await self.http.post(call["path"], headers=kept, content=_chunked(content))
        return await self.http.post(call["path"], headers=kept, content=await self._with_words(call, content))

    async def _with_words(self, call: dict[str, Any], content: bytes) -> bytes:
        """`alice-token` stands for three words that were just issued; other tokens stay wrong."""
        sent = call["json"] or {}
        user = str(sent.get("user", "")).split("@")[0]
        if sent.get("token") == f"{user}-token" and user in self.ids:
            return json.dumps(sent | {"token": await self.people.words(self.ids[user])}).encode()
        return content


async def _chunked(content: bytes) -> Any:
    if content:
        yield content


def calls(shared: Path, scenario: str) -> list[dict[str, Any]]:
    """Without those whose answer was a fault that had been put in."""
    folder = shared / "recordings" / "airlock" / scenario
    found = [json.loads(file.read_text()) for file in sorted(folder.glob("[0-9]*.json"))]
    return [
        call for call in found if call["response"]["rule"] is None and call["request"]["method"] == "POST"
    ]


def check(call: dict[str, Any], answer: httpx.Response) -> None:
    """The same status, headers and body, with our ids in place of the recorded ones."""
    wanted, what = call["response"], f"{call['seq']} {call['kind']}: {answer.text}"
    assert answer.status_code == wanted["status"], what
    assert "set-cookie" not in answer.headers
    ours = {name: answer.headers.get(name) for name in wanted["headers"]}
    if call["kind"] == "file-upload":
        location = f"{BASE}/api/v2/releases/file/{answer.headers['File-Id']}"
        assert ours == {"File-Id": answer.headers["File-Id"], "Location": location}, what
        assert answer.content == b""
        return
    assert ours == wanted["headers"], what
    body = orjson.loads(wanted["body"])
    if call["kind"] == "release-create":
        body["release_url"] = f"{BASE}/study/study-ws/releases/{body['release_id']}/"
    if body.get("username") == "nobody":
        body["fullname"] = "Nobody"
    if call["kind"] == "authenticate":
        assert answer.json() == body, what
    else:
        assert answer.content == orjson.dumps(body), what


@pytest.fixture
async def recorded(
    world: World,
    http: httpx.AsyncClient,
    people: People,
    units: Units,
    identity_url: str,
) -> Any:
    """The world of the recordings: a study, its copilot, two checkers, and who has nothing to do with it."""
    await world.clean("releases")
    ids = {}
    for name, fullname, roles in ACCOUNTS:
        email = f"{name}@example.org"
        ids[name] = await people.make(name, *roles, fullname=fullname, email=email)
    for project_id in (1, 2, 3):
        await people.join("alice", project_id, "ProjectDeveloper")
    orgs = [
        OrgState(id=n, version=1, slug=slug, name=f"Org {slug.title()}")
        for n, slug in ((1, "one"), (2, "two"))
    ]
    study: dict[str, Any] = {"version": 1, "name": "Study Project", "org_ids": [1, 2]}
    projects = [
        ProjectState(id=1, slug="study", copilot_id=ids["copilot"], **study),
        ProjectState(id=2, slug="study-too", **study),
        ProjectState(id=3, slug="closed", status="completed", **(study | {"name": "Closed"})),
    ]
    workspaces = [
        WorkspaceState(
            id=number,
            version=1,
            name=name,
            project_id=project,
            repo_url="r",
            branch="main",
            is_archived=name == "archived-ws",
        )
        for number, (name, project) in enumerate(WORKSPACES, 1)
    ]
    known = [UserState(id=ids[name], version=1, username=name, fullname=full) for name, full, _ in ACCOUNTS]
    async with units() as uow:
        await write(uow.session, replicas.USERS, known)
        await write(uow.session, replicas.ORGS, orgs)
        await write(uow.session, replicas.PROJECTS, projects)
        await write(uow.session, replicas.WORKSPACES, workspaces)
    client = world.client(identity_url, service="gateway")
    yield Recorded(world, http, people, IdentityClient(client), ids)
    await client.close()


@pytest.mark.parametrize("scenario", ["a-happy", "b-events"])
async def test_a_conversation_goes_as_it_was_recorded(
    recorded: Recorded, shared: Path, world: World, folder: Path, scenario: str
) -> None:
    played = calls(shared, scenario)
    for call in played:
        check(call, await recorded.send(call["request"]))
    events = [call["request"]["json"]["event_type"] for call in played if call["kind"] == "event"]
    rows = await world.rows("releases", "select event_type from airlock_events order by id")
    assert [row["event_type"] for row in rows] == events
    announced = await world.announced("releases")
    assert announced.count("releases.airlock_event.received.v1") == len(events)
    assert announced.count("releases.release.completed.v1") == 1
    sent = [call["request"] for call in played if call["kind"] == "file-upload"]
    assert sent
    bytes_of = [base64.b64decode(c["body_base64"] or "") or (c["body"] or "").encode() for c in sent]
    assert stored(folder) == sorted(blob(content) for content in bytes_of)


async def test_a_conversation_said_twice_changes_nothing(
    recorded: Recorded, shared: Path, world: World
) -> None:
    """Airlock may repeat any call at any time (A9)."""
    played = [call for call in calls(shared, "a-happy") if call["kind"] != "authenticate"]
    first = [await recorded.send(call["request"]) for call in played]
    announced = await world.announced("releases")
    for call, before in zip(played, first, strict=True):
        again = await recorded.send(call["request"])
        if call["kind"] == "file-upload":
            assert again.status_code == 400
            assert again.json()["detail"].startswith("This version of 'output/")
            assert "' has already been uploaded" in again.json()["detail"]
        else:
            assert (again.status_code, again.content) == (before.status_code, before.content)
    assert await world.announced("releases") == announced


async def test_accounts_are_told_apart_as_they_were_recorded(recorded: Recorded, shared: Path) -> None:
    """The recording goes on with answers that were made to be wrong, for a user `mini`."""
    played = [call for call in calls(shared, "d-accounts") if call["request"]["json"]["user"] != "mini"]
    assert {call["response"]["status"] for call in played} == {200, 403}
    for call in played:
        answer = await recorded.send(call["request"])
        if call["response"]["status"] == 200:
            check(call, answer)
        else:
            assert answer.status_code == 403
            assert list(answer.json()) == ["detail"]
            assert isinstance(answer.json()["detail"], str)


async def test_rights_are_refreshed_as_they_were_recorded(
    recorded: Recorded, shared: Path, world: World
) -> None:
    """Between two of the calls the author's memberships had been taken away, and were given back."""
    played = calls(shared, "c-authz-refresh")
    rights = [bool(json.loads(call["response"]["body"])["workspaces"]) for call in played]
    assert rights == [True, True, False, True]
    for call, has in zip(played, rights, strict=True):
        if not has:
            await world.rows("identity", "delete from role_grants where membership_id is not null")
        else:
            for project_id in (1, 2, 3):
                await recorded.people.join("alice", project_id, "ProjectDeveloper")
        answer = await recorded.send(call["request"])
        assert (answer.status_code, answer.json()) == (200, json.loads(call["response"]["body"]))
