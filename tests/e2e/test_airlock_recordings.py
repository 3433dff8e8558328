"""What Airlock sends, condensed and recorded, is answered as it relies on, through the whole system."""

import base64
import http.client
import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from sandbox.airlock_demo import Airlock
from testkit import wire
from testkit.stack import Stack
from testkit.waiting import until

from .test_main_job import manage

# One system for all of them; what the cast needs is made by commands.
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack"), pytest.mark.timeout(300)]

SOURCES = sorted(wire.casts())


class Made(NamedTuple):
    source: str
    cast: wire.Cast
    token: str


@pytest.fixture(scope="module", params=SOURCES)
def made(request: pytest.FixtureRequest, stack: Stack) -> Made:
    """A backend whose members are the cast of a source; their project and its workspace exist too."""

    def run(service: str, *commands: list[str]) -> None:
        """All of them in one process, and again until each has what it names."""
        lines = "".join(json.dumps(words) + "\n" for words in commands)
        until(lambda: manage(stack, service, "batch", said=lines).returncode == 0, 30)

    source: str = request.param
    cast = wire.casts()[source]
    backend = manage(stack, "create_backend", source, "--name", source.capitalize(), "--json")
    project, workspace = f"study-{source}", cast.workspaces[0]
    people = (cast.author, cast.first, cast.second)
    run(
        "identity",
        ["create_org", f"org-{source}", "--name", cast.orgs[0]],
        *(["create_user", name, *([] if name == cast.author else ["--output-checker"])] for name in people),
        *(["add_to_backend", name, source] for name in people),
    )
    run(
        "projects",
        ["create_project", project, "--name", cast.project, "--org", f"org-{source}"],
        ["create_workspace", project, workspace, "--repo", "https://github.com/opensafely/demo-study"],
    )
    run("identity", ["add_member", project, cast.author, "--role", "ProjectDeveloper"])
    token = str(json.loads(backend.stdout)["token"])
    airlock = Airlock(stack.url, token)

    def arrived() -> bool:
        """Where Airlock asks, what was made is known a moment later."""
        status, _, record = airlock.call("releases/authorise", user=cast.author)
        return status == 200 and workspace in record["workspaces"]

    until(arrived)
    return Made(source, cast, token)


def send(stack: Stack, token: str, call: dict[str, Any], body: bytes) -> tuple[int, dict[str, str], str]:
    parts = urlsplit(stack.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.putrequest("POST", call["path"], skip_host=True, skip_accept_encoding=True)
    chunked = False
    for name, value in call["headers"]:
        replaced = {"Host": parts.netloc, "Authorization": token, "Content-Length": str(len(body))}.get(
            name, value
        )
        chunked |= name == "Transfer-Encoding"
        connection.putheader(name, replaced)
    connection.endheaders()
    connection.send(
        b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        if chunked and body
        else b"0\r\n\r\n"
        if chunked
        else body
    )
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text


def shape(value: Any) -> Any:
    """Keys and types; the things themselves have other names here."""
    if isinstance(value, dict) and value and all(isinstance(one, dict) for one in value.values()):
        return [shape(next(iter(value.values())))]
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items() if item not in ({}, [])}
    return type(value).__name__


@pytest.mark.parametrize("scenario", ["a-happy", "b-events"])
def test_a_conversation_goes_the_same_way(stack: Stack, made: Made, scenario: str) -> None:
    calls, token, workspace = wire.airlock(made.source, scenario), made.token, made.cast.workspaces[0]
    assert calls
    for turn in calls:
        call, wanted = turn["request"], turn["response"]
        raw = (
            base64.b64decode(call["body_base64"])
            if call.get("body_base64")
            else (call["body"] or "").encode()
        )
        if turn["kind"] == "authenticate":
            words = json.loads(manage(stack, "create_login_token", call["json"]["user"], "--json").stdout)[
                "token"
            ]
            raw = json.dumps({"user": call["json"]["user"], "token": words}).encode()
        status, headers, text = send(stack, token, call, raw)
        what = f"{made.source} {scenario} {turn['seq']} {call['path']}: {text[:300]}"
        assert status == wanted["status"], what
        assert "set-cookie" not in headers, what
        for name in ("Release-Id", "File-Id"):
            assert (name in wanted["headers"]) == (name.lower() in headers), what
        if "Release-Id" in wanted["headers"]:
            assert headers["release-id"] == wanted["headers"]["Release-Id"]
        if turn["kind"] == "event":
            assert text == wanted["body"].replace(": ", ":") or json.loads(text) == json.loads(
                wanted["body"]
            ), what
        elif turn["kind"] == "authenticate":
            here, there = json.loads(text), json.loads(wanted["body"])
            assert here.keys() == there.keys(), what
            assert (here["username"], here["output_checker"]) == (there["username"], there["output_checker"])
            if there["workspaces"]:
                assert shape(here["workspaces"]) == shape({workspace: there["workspaces"][workspace]})
        elif wanted["body"]:
            assert json.loads(text).keys() == json.loads(wanted["body"]).keys(), what


@pytest.mark.parametrize("made", ["condensed"], indirect=True)
@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "detail"),
    [
        ("releases/authorise", b'{"user": "juno"}', {"Authorization": "wrong"}, 403, "Invalid token"),
        ("releases/authorise", b'{"user": "ghost"}', {}, 404, None),
        ("releases/authorise", b"{}", {}, 400, None),
        ("releases/authorise", b"not json", {}, 400, None),
        ("releases/authenticate", b'{"user": "juno", "token": "no such words"}', {}, 403, None),
        ("releases/authenticate", b'{"user": "ghost", "token": "x"}', {}, 403, None),
        ("releases/workspace/no-such-workspace", b"{}", {}, 404, None),
        ("releases/workspace/tides", b"{}", {}, 403, "Authentication credentials were not provided."),
        ("releases/workspace/tides", b"{}", {"OS-User": "juno"}, 403, None),
        ("releases/workspace/tides", b"{}", {"OS-User": "otto"}, 400, None),
        ("releases/release/NOSUCH", b"x", {"OS-User": "otto"}, 404, None),
        ("airlock/events/", b'{"event_type": "request_submitted"}', {}, 201, None),
        ("airlock/events/", b"\xff", {}, 400, None),
        ("nothing/like/this", b"", {}, 404, None),
    ],
)
def test_a_refusal_is_plain(
    stack: Stack,
    made: Made,
    path: str,
    body: bytes,
    headers: dict[str, str],
    status: int,
    detail: str | None,
) -> None:
    """A3 to A7, through the gateway"""
    token = headers.get("Authorization", made.token)
    sent = {
        "Host": "x",
        "Authorization": token,
        "Content-Type": "application/json",
        "Content-Length": "0",
    } | headers
    call = {"path": f"/api/v2/{path}", "headers": list(sent.items())}
    found, _, text = send(stack, token, call, body)
    assert found == status, text
    assert json.loads(text)
    if detail:
        assert json.loads(text)["detail"] == detail
