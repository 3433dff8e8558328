"""The demo world, made by the services' own commands (so that events and audit follow)."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.github.accounts import DEMO

BACKEND = "tpp"
ROLES: dict[str, list[str]] = {
    "ada": ["StaffAreaAdministrator", "ServiceAdministrator", "TechSupport"],
    "rosa": ["ProjectDeveloper"],
    "ravi": ["ProjectDeveloper"],
    "cleo": ["ProjectCollaborator"],
    "otis": ["OutputChecker"],
    "olga": ["OutputChecker"],
    "petra": ["OutputPublisher"],
    "dana": ["DeploymentAdministrator"],
    "newton": [],
}
_ON_PROJECT = {"ProjectDeveloper", "ProjectCollaborator"}
_STUDY = "https://github.com/opensafely/"
Words = list[str]


@dataclass(frozen=True)
class World:
    """Where it is made. `run` is given a service and lines of its commands, and answers what each said."""

    home: Path
    base_url: str
    url: str  # of the sandbox
    stood_in: Sequence[str]
    run: Callable[[str, list[Words]], list[dict[str, Any]]]


def people() -> list[Words]:
    lines: list[Words] = [
        ["create_org", "bennett", "--name", "Bennett Institute"],
        ["create_org", "eastvale", "--name", "Eastvale School of Public Health"],
        ["create_backend", "tpp", "--name", "TPP"],
        ["create_backend", "emis", "--name", "EMIS"],
        ["create_backend", "test", "--name", "Test"],
    ]
    for name in DEMO:
        if name == "newton":
            continue  # logs in for the first time
        lines.append(["create_user", name])
        lines.append(["add_to_backend", name, BACKEND])
        lines += [["grant", name, role] for role in ROLES[name] if role not in _ON_PROJECT]
    for name in ("ada", "rosa", "dana"):
        lines += [["add_to_backend", name, "test"]]
    lines += [["add_to_org", "bennett", name] for name in ("ada", "rosa", "dana")]
    lines += [["add_to_org", "eastvale", name] for name in ("ravi", "cleo")]
    return lines


def projects() -> list[Words]:
    title = "Blood pressure monitoring after hospital discharge: variation by region and deprivation"
    lines: list[Words] = [
        ["create_project", "demo-project", "--name", "Demo project", "--number", "101", "--org", "bennett"],
        [
            *[
                "create_workspace",
                "demo-project",
                "demo-workspace",
                "--repo",
                f"{_STUDY}demo-study",
                "--notify",
            ],
            *["--purpose", "Shows what a run looks like."],
        ],
        *[["create_project", "bp-after-discharge", "--name", title, "--number", "POS-2026-3001"]],
    ]
    lines[-1] += ["--org", "eastvale"]
    for name, repo in (
        ("bp-after-discharge-main", "blood-pressure"),
        ("bp-after-discharge-sensitivity", "blood-pressure"),
        ("long-waits-by-region", "long-waits"),
        ("vaccine-intervals", "vaccine-timing"),
        ("vaccine-intervals-2026", "vaccine-timing"),
    ):
        lines.append(["create_workspace", "bp-after-discharge", name, "--repo", _STUDY + repo])
    return lines


def members() -> list[Words]:
    lines: list[Words] = []
    for project in ("demo-project", "bp-after-discharge"):
        for name in ("rosa", "ravi"):
            lines.append(["add_member", project, name, "--role", "ProjectDeveloper"])
        lines.append(["add_member", project, "cleo", "--role", "ProjectCollaborator"])
        lines.append(["add_member", project, "otis"])
    return lines


def load(world: World, say: Callable[[str], None]) -> None:
    """Once per home; interrupted, it is simply done again, since every command may be repeated."""
    file = world.home / "demo.json"
    if file.exists():
        told = json.loads(file.read_text())
        file.write_text(json.dumps(told | addresses(world), indent=1))
        return
    say("Making the demo world")
    said = world.run("identity", people())
    token = next((row["token"] for row in said if row.get("slug") == BACKEND), None)
    if token is None:  # made before, and only its hash is kept
        again = world.run("identity", [["create_backend", BACKEND, "--rotate"]])
        token = again[0]["token"]
    world.run("projects", projects())
    world.run("identity", members())
    content = {
        "backend": {"slug": BACKEND, "token": token},
        "users": {name: {"username": name, "roles": roles} for name, roles in ROLES.items()},
        "project": "demo-project",
        "workspace": "demo-workspace",
    }
    file.touch(0o600)
    file.write_text(json.dumps(content | addresses(world), indent=1))


def addresses(world: World) -> dict[str, object]:
    """Of the site, and pages of the sandbox for the systems that it stands in for."""
    pages = {"mailbox": "mailbox", "github": "github/issues", "rap": "rap", "slack": "slack"}
    shown = {name: f"{world.url}/{path}" for name, path in pages.items() if name in world.stood_in}
    return {"url": world.base_url, "sandbox": {"url": world.url} | shown}
