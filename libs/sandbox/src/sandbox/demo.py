"""The demo world, made by the services' own commands (so that events and audit follow)."""

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from kit.process import load as load_target

from sandbox.configuration import Plan
from sandbox.github.accounts import DEMO
from sandbox.supervisor import fork

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


def load(home: Path, plan: Plan, say: Callable[[str], None]) -> None:
    """Once per home; interrupted, it is simply done again, since every command may be repeated."""
    file = home / "demo.json"
    if file.exists():
        told = json.loads(file.read_text())
        file.write_text(json.dumps(told | addresses(plan), indent=1))
        return
    say("Making the demo world")
    said = _batch(home, plan, "identity", people())
    token = next((row["token"] for row in said if row.get("slug") == BACKEND), None)
    if token is None:  # made before, and only its hash is kept
        again = _batch(home, plan, "identity", [["create_backend", BACKEND, "--rotate"]])
        token = again[0]["token"]
    _batch(home, plan, "projects", projects())
    _batch(home, plan, "identity", members())
    content = {
        "backend": {"slug": BACKEND, "token": token},
        "users": {name: {"username": name, "roles": roles} for name, roles in ROLES.items()},
        "project": "demo-project",
        "workspace": "demo-workspace",
    }
    file.touch(0o600)
    file.write_text(json.dumps(content | addresses(plan), indent=1))


def addresses(plan: Plan) -> dict[str, object]:
    """Pages of the sandbox, for the systems that it stands in for."""
    url = f"http://localhost:{plan.ports['sandbox']}"
    pages = {"mailbox": "mailbox", "github": "github/issues", "rap": "rap", "slack": "slack"}
    sandbox = {"url": url} | {name: f"{url}/{path}" for name, path in pages.items() if name in plan.stood_in}
    return {"url": plan.base_url, "sandbox": sandbox}


def _batch(home: Path, plan: Plan, service: str, lines: list[Words]) -> list[dict[str, object]]:
    """Run commands of a service in a fork that has its variables; what each printed."""
    out, log = home / f"batch-{service}.json", home / "logs" / f"batch-{service}.log"

    def work() -> None:
        os.environ.clear()
        os.environ.update(plan.environment(service))
        sys.stdin = io.StringIO("\n".join(json.dumps([*line, "--json"]) for line in lines))
        sys.stdout = out.open("w")
        code = load_target(f"{service}.cli:commands")(["batch"], standalone_mode=False)
        sys.stdout.flush()
        if code:
            sys.exit(f"a command was refused: {out.read_text()}")

    _, status = os.waitpid(fork(log, work), 0)
    if status:
        sys.exit(f"The demo world could not be made:\n{log.read_text(errors='replace')[-3000:]}")
    said = [json.loads(line) for line in out.read_text().splitlines()]
    out.unlink()
    return said
