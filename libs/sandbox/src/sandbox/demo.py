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
NEW_TOKEN = ["create_backend", BACKEND, "--rotate"]
_STUDY = "https://github.com/opensafely/"
Words = list[str]
# Given a service and lines of its commands, answers what each said.
Run = Callable[[str, list[Words]], list[dict[str, Any]]]


@dataclass(frozen=True)
class World:
    """Where it is made, and how people reach it."""

    home: Path
    base_url: str
    url: str  # of the sandbox
    stood_in: Sequence[str] = ("github", "rap", "slack", "mailbox")

    @property
    def file(self) -> Path:
        """What whoever uses it must know: written at the end, so its absence says that it is not whole."""
        return self.home / "demo.json"


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


def load(world: World, run: Run, say: Callable[[str], None]) -> None:
    """Once per home; interrupted, it is simply done again, since every command may be repeated."""
    if told_again(world):
        return
    say("Making the demo world")
    token = token_in(run("identity", people()))
    if token is None:  # made before, and only its hash is kept
        token = token_in(run("identity", [NEW_TOKEN]))
    run("projects", projects())
    run("identity", members())
    tell(world, token)


def token_in(said: list[dict[str, Any]]) -> str | None:
    """The newest of the demo's backend, among what its commands said."""
    tokens = [row["token"] for row in said if row.get("slug") == BACKEND and row.get("token")]
    return str(tokens[-1]) if tokens else None


def told_again(world: World) -> bool:
    """False when it was not made yet; otherwise its addresses, which may change, are brought up to date."""
    if not world.file.exists():
        return False
    told = json.loads(world.file.read_text())
    world.file.write_text(json.dumps(told | addresses(world), indent=1))
    return True


def tell(world: World, token: str | None) -> None:
    content = {
        "backend": {"slug": BACKEND, "token": token},
        "users": {name: {"username": name, "roles": roles} for name, roles in ROLES.items()},
        "project": "demo-project",
        "workspace": "demo-workspace",
    }
    world.file.touch(0o600)
    world.file.write_text(json.dumps(content | addresses(world), indent=1))


def addresses(world: World) -> dict[str, object]:
    """Of the site, and pages of the sandbox for the systems that it stands in for."""
    pages = {"mailbox": "mailbox", "github": "github/issues", "rap": "rap", "slack": "slack"}
    shown = {name: f"{world.url}/{path}" for name, path in pages.items() if name in world.stood_in}
    return {"url": world.base_url, "sandbox": {"url": world.url} | shown}
