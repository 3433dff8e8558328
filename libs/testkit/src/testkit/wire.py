"""Exchanges with programs that are not ours: condensed ones in this repository, recordings where they are.

A clone alone proves the wire by the first; both have the same form, so that the same tests run over both.
"""

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

CONDENSED = Path(__file__).parents[4] / "tests" / "contract" / "wire"
SHARED = Path(__file__).parents[5] / "shared"
RECORDINGS = SHARED / "recordings"
Exchanges = dict[str, Any]  # name -> {"request", "response"}


@cache
def rap() -> dict[str, Exchanges]:
    """With the RAP controller, by where they come from."""
    found = {"condensed": _condensed_rap()}
    if recorded := {f.stem: json.loads(f.read_text()) for f in sorted((RECORDINGS / "rap").glob("*.json"))}:
        found["recorded"] = recorded
    return found


def _condensed_rap() -> Exchanges:
    listed = yaml.safe_load((CONDENSED / "rap.yaml").read_text())
    bodies = {one["name"]: one.get("body") for one in listed}
    return {one["name"]: _exchange(one, bodies) for one in listed}


def _exchange(one: dict[str, Any], bodies: dict[str, Any]) -> dict[str, Any]:
    sent: Any = one.get("body")
    if "like" in one:
        sent = bodies[one["like"]] | (sent or {})
    answer = one.get("answer")
    response_headers = {"Content-Type": "text/html" if answer is None else "application/json"}
    if "location" in one:
        response_headers["Location"] = one["location"]
    headers = {"Authorization": one["token"]} if "token" in one else {}
    return {
        "rules": one["rules"],
        "request": {
            "method": one["method"],
            "url": f"http://controller.test/controller/v1/{one['path']}",
            "headers": headers,
            "body": one.get("text") if sent is None else json.dumps(sent),
        },
        "response": {
            "status": one["status"],
            "headers": response_headers,
            "body": one.get("html", "") if answer is None else json.dumps(answer),
            "json": answer,
        },
    }


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """Who and what Airlock speaks of. `workspaces`: one, another of its project, an archived one, and one of
    a closed project."""

    token: str
    author: str
    first: str  # checks outputs, and so does the second
    second: str
    copilot: str
    readonly: str
    nobody: str
    fullnames: dict[str, str]
    project: str
    closed: str
    orgs: list[str]
    workspaces: list[str]


_RECORDED = Cast(
    token="airlock-backend-token",
    author="alice",
    first="checker1",
    second="checker2",
    copilot="copilot",
    readonly="readonly",
    nobody="nobody",
    fullnames={
        "alice": "Alice Author",
        "checker1": "Checker One",
        "checker2": "Checker Two",
        "copilot": "Co Pilot",
        "readonly": "Read Only",
        "nobody": "Nobody",
    },
    project="Study Project",
    closed="Closed",
    orgs=["Org One", "Org Two"],
    workspaces=["study-ws", "fault-ws", "archived-ws", "closed-ws"],
)


@cache
def _condensed_airlock() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CONDENSED / "airlock.yaml").read_text())
    return found


@cache
def casts() -> dict[str, Cast]:
    """By where they come from."""
    found = {"condensed": msgspec.convert(_condensed_airlock()["cast"], Cast)}
    return found | ({"recorded": _RECORDED} if (RECORDINGS / "airlock").exists() else {})


def airlock(source: str, conversation: str) -> list[dict[str, Any]]:
    """The calls in their order, without those whose answer was a fault that had been put in."""
    if source == "condensed":
        told = enumerate(_condensed_airlock()[conversation], 1)
        return [_call(conversation, seq, one) for seq, one in told]
    files = sorted((RECORDINGS / "airlock" / conversation).glob("[0-9]*.json"))
    found = [json.loads(file.read_text()) for file in files]
    return [c for c in found if c["response"]["rule"] is None and c["request"]["method"] == "POST"]


def _call(conversation: str, seq: int, one: dict[str, Any]) -> dict[str, Any]:
    content = base64.b64decode(one.get("base64", "")) or one.get("text", "").encode()
    if "json" in one:
        content = json.dumps(one["json"]).encode()
    trace = hashlib.sha256(f"{conversation} {seq}".encode()).hexdigest()
    token = one.get("token", _condensed_airlock()["cast"]["token"])
    headers = {
        "Accept": "application/json",
        "Authorization": token,
        "Content-Type": "application/json" if "json" in one else "application/octet-stream",
        "Content-Disposition": one.get("disposition"),
        "OS-User": one.get("os_user"),
        "traceparent": f"00-{trace[:32]}-{trace[32:48]}-01",
        "Content-Length": None if "chunked" in one else str(len(content)),
        "Transfer-Encoding": "chunked" if "chunked" in one else None,
    }
    answer = one.get("answer")
    shown = {} if answer is None else {"Content-Type": "application/json"}
    return {
        "seq": seq,
        "kind": one["kind"],
        "rules": one["rules"],
        "request": {
            "path": f"/api/v2/{one['path']}",
            "headers": [[name, value] for name, value in headers.items() if value is not None],
            "body": None if "base64" in one else content.decode(),
            "body_base64": one.get("base64"),
            "json": one.get("json"),
        },
        "response": {
            "status": one["status"],
            "headers": shown | one.get("headers", {}),
            "body": "" if answer is None else json.dumps(answer),
        },
    }
