"""What Airlock sends, condensed and recorded, replayed; who it is said to be is found out by identity.

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
from testkit import wire
from testkit.wire import Cast
from testkit.world import World

from .conftest import BASE, People, blob, stored


class Recorded:
    """Sends calls as the gateway would, in a world with that cast."""

    def __init__(
        self,
        source: str,
        world: World,
        http: httpx.AsyncClient,
        people: People,
        gateway: IdentityClient,
        ids: dict[str, int],
    ) -> None:
        self.source, self.cast = source, wire.casts()[source]
        self.world, self.http, self.people, self.gateway, self.ids = world, http, people, gateway, ids

    def calls(self, conversation: str) -> list[dict[str, Any]]:
        return wire.airlock(self.source, conversation)

    async def send(self, call: dict[str, Any]) -> httpx.Response:
        headers = {name.lower(): value for name, value in call["headers"]}
        kept = {name: headers[name] for name in ("accept", "content-type", "traceparent") if name in headers}
        kept[HEADER] = await self._statement(headers.get("authorization"), headers.get("os-user"))
        if "content-disposition" in headers:
            raw = headers["content-disposition"].encode("latin-1")
            kept["x-raw-disposition"] = base64.b64encode(raw).decode()
        if "content-length" in headers:
            kept["x-declared-length"] = headers["content-length"]
        content = base64.b64decode(call["body_base64"] or "") or (call["body"] or "").encode()
        if "transfer-encoding" in headers:
            return await self.http.post(call["path"], headers=kept, content=_chunked(content))
        return await self.http.post(call["path"], headers=kept, content=await self._with_words(call, content))

    async def _statement(self, token: str | None, os_user: str | None) -> str:
        """Of the gateway, about the token of the cast or another one."""
        if not token:
            return self.world.signer().sign(kind="anonymous", reason=None if token is None else "empty")
        if token != self.cast.token:
            return self.world.signer().sign(kind="failed", reason="invalid_token")
        who = await self.gateway.backend(self.people.token, os_user)
        return self.world.signer().sign(kind="backend", backend=who.backend, acting=who.acting)

    async def _with_words(self, call: dict[str, Any], content: bytes) -> bytes:
        """`<name>-token` stands for three words that were just issued; other tokens stay wrong."""
        sent = call["json"] or {}
        user = str(sent.get("user", "")).split("@")[0]
        if sent.get("token") == f"{user}-token" and user in self.ids:
            return json.dumps(sent | {"token": await self.people.words(self.ids[user])}).encode()
        return content


async def _chunked(content: bytes) -> Any:
    if content:
        yield content


def check(call: dict[str, Any], answer: httpx.Response, cast: Cast) -> None:
    """The same status, headers and body, with our ids in place of those that were made up."""
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
        body["release_url"] = f"{BASE}/study/{cast.workspaces[0]}/releases/{body['release_id']}/"
    if body.get("username") == cast.nobody:
        body["fullname"] = cast.fullnames[cast.nobody]  # here everybody has a name
    if call["kind"] == "authenticate":
        assert answer.json() == body, what
    else:
        assert answer.content == orjson.dumps(body), what


@pytest.fixture(params=sorted(wire.casts()))
async def recorded(
    request: pytest.FixtureRequest,
    world: World,
    http: httpx.AsyncClient,
    people: People,
    units: Units,
    identity_url: str,
) -> Any:
    """A study, its copilot, two checkers, and who has nothing to do with it."""
    cast = wire.casts()[request.param]
    await world.clean("releases")
    roles = {
        cast.first: ["OutputChecker"],
        cast.second: ["OutputChecker"],
        cast.readonly: ["DeploymentAdministrator"],
    }
    ids = {}
    for name, fullname in cast.fullnames.items():
        email = f"{name}@example.org"
        ids[name] = await people.make(name, *roles.get(name, []), fullname=fullname, email=email)
    for project_id in (1, 2, 3):
        await people.join(cast.author, project_id, "ProjectDeveloper")
    orgs = [OrgState(id=n, version=1, slug=f"org-{n}", name=name) for n, name in enumerate(cast.orgs, 1)]
    study: dict[str, Any] = {"version": 1, "name": cast.project, "org_ids": [1, 2]}
    projects = [
        ProjectState(id=1, slug="study", copilot_id=ids[cast.copilot], **study),
        ProjectState(id=2, slug="study-too", **study),
        ProjectState(id=3, slug="closed", status="completed", **(study | {"name": cast.closed})),
    ]
    first, second, archived, closed = cast.workspaces
    workspaces = [
        WorkspaceState(
            id=number,
            version=1,
            name=name,
            project_id=project,
            repo_url="r",
            branch="main",
            is_archived=name == archived,
        )
        for number, (name, project) in enumerate(((first, 1), (second, 2), (archived, 2), (closed, 3)), 1)
    ]
    known = [
        UserState(id=ids[name], version=1, username=name, fullname=full)
        for name, full in cast.fullnames.items()
    ]
    async with units() as uow:
        await write(uow.session, replicas.USERS, known)
        await write(uow.session, replicas.ORGS, orgs)
        await write(uow.session, replicas.PROJECTS, projects)
        await write(uow.session, replicas.WORKSPACES, workspaces)
    client = world.client(identity_url, service="gateway")
    yield Recorded(request.param, world, http, people, IdentityClient(client), ids)
    await client.close()


def test_the_recordings_are_there(shared: Path) -> None:
    assert set(wire.casts()) == {"condensed", "recorded"}


@pytest.mark.parametrize("conversation", ["a-happy", "b-events"])
async def test_a_conversation_goes_as_it_went(
    recorded: Recorded, world: World, folder: Path, conversation: str
) -> None:
    played = recorded.calls(conversation)
    for call in played:
        check(call, await recorded.send(call["request"]), recorded.cast)
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


async def test_a_conversation_said_twice_changes_nothing(recorded: Recorded, world: World) -> None:
    """Airlock may repeat any call at any time (A9)."""
    played = [call for call in recorded.calls("a-happy") if call["kind"] != "authenticate"]
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


async def test_accounts_are_told_apart(recorded: Recorded) -> None:
    """The recording goes on with answers that were made to be wrong, for a user `mini`."""
    played = [call for call in recorded.calls("d-accounts") if call["request"]["json"]["user"] != "mini"]
    assert {call["response"]["status"] for call in played} == {200, 403}
    for call in played:
        answer = await recorded.send(call["request"])
        if call["response"]["status"] == 200 or recorded.source == "condensed":
            check(call, answer, recorded.cast)
        else:
            assert answer.status_code == 403
            assert list(answer.json()) == ["detail"]
            assert isinstance(answer.json()["detail"], str)


async def test_rights_are_refreshed(recorded: Recorded, world: World) -> None:
    """Between two of the calls the author's memberships are taken away, and given back."""
    played = recorded.calls("c-authz-refresh")
    rights = [bool(json.loads(call["response"]["body"])["workspaces"]) for call in played]
    assert rights[-3:] == [True, False, True]
    for call, has in zip(played, rights, strict=True):
        if not has:
            await world.rows("identity", "delete from role_grants where membership_id is not null")
        else:
            for project_id in (1, 2, 3):
                await recorded.people.join(recorded.cast.author, project_id, "ProjectDeveloper")
        answer = await recorded.send(call["request"])
        assert (answer.status_code, answer.json()) == (200, json.loads(call["response"]["body"]))


@pytest.mark.parametrize("recorded", ["condensed"], indirect=True)
@pytest.mark.parametrize("conversation", ["refusals", "uploads"])
async def test_what_airlock_reads_in_a_refusal_is_said_word_for_word(
    recorded: Recorded, conversation: str
) -> None:
    """Where a rule says so Airlock acts by these words; where not, people search for them."""
    for call in recorded.calls(conversation):
        answer = await recorded.send(call["request"])
        if call["kind"] in {"release-create", "file-upload"}:
            check(call, answer, recorded.cast)
        else:
            wanted = (call["response"]["status"], json.loads(call["response"]["body"]))
            assert (answer.status_code, answer.json()) == wanted, f"{call['seq']} {call['request']['path']}"
