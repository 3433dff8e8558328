"""Exchanges with programs that are not ours: condensed ones in this repository, recordings where they are.

A clone alone proves the wire by the first; both have the same form, so that the same tests run over both.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

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
    sent = one.get("body")
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
