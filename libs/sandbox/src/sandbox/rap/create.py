"""From a request to jobs: checks and dependencies (RAP13 to RAP21)."""

import base64
import hashlib
import json
import re
import time
from typing import Any

import yaml

from sandbox.store import Store

_ORGS = ("opensafely", "opensafely-actions")
_ACTIVE = ("pending", "running")
# Everything else named in `run` is a reusable action: a repository of opensafely-actions.
_IMAGES = frozenset("cohortextractor databuilder ehrql jupyter python r rstudio sqlrunner stata-mp".split())


class Refusal(Exception):
    """No jobs were made; the words for the user."""


def identifier(rap_id: str, action: str) -> str:
    digest = hashlib.sha1(f"{rap_id}\n{action}".encode()).digest()
    return base64.b32encode(digest[:10]).decode().lower()


def create_jobs(store: Store, body: dict[str, Any]) -> tuple[int, str | None]:
    """(how many, None), or (0, why there was nothing to do). Raises Refusal."""
    actions = _pipeline(store, body)
    wanted = list(dict.fromkeys(body["requested_actions"]))
    run_all = "run_all" in wanted
    explicit = set(actions) if run_all else set(wanted)
    for name in explicit:
        if name not in actions:
            raise Refusal(f"Action '{name}' not found in project.yaml")
    latest = _latest(store, body["backend"], body["workspace"])
    chosen: dict[str, None] = {}
    for name in actions if run_all else wanted:
        _choose(name, actions, latest, body["force_run_dependencies"], chosen, not run_all)
    new = list(chosen)
    if not new:
        if run_all:
            return 0, "All actions have already completed successfully"
        return 0, "All requested actions were already scheduled to run"
    for name in new:
        _check_image(store, name, str(actions[name]["run"]))
    if not body["codelists_ok"]:
        for name in new:
            if "ehrql" in str(actions[name]["run"]):
                raise Refusal(f"Codelists are out of date (required by action {name})")
    _insert(store, body, actions, new)
    return len(new), None


def _pipeline(store: Store, body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    url = body["repo_url"]
    if not url.startswith("https://github.com"):
        raise Refusal(f"Repository URL {url} does not start with https://github.com")
    found = re.fullmatch(r"https://github\.com/([^/]+)/([^/]+)/?", url)
    if found is None:
        raise Refusal(
            f"Repository URL {url} was not of the expected format: https://github.com/[organisation]/[project-name]"
        )
    owner, name = found.groups()
    if owner not in _ORGS:
        raise Refusal(
            f"Repository {url} does not belong to one of the following Github organisations: "
            f"{' '.join(_ORGS)}"
        )
    if not re.fullmatch(r"[a-zA-Z0-9_-]+", body["workspace"]):
        raise Refusal("Invalid workspace name (allowed are alphanumeric, dash and underscore)")
    if not body["branch"]:
        raise Refusal("A branch name must be supplied")
    if store.one("select 1 from repos where owner = ? and name = ?", owner, name) is None:
        raise Refusal(f"Could not read from {url}")
    branches = store.all("select distinct branch from commits where owner = ? and name = ?", owner, name)
    if body["branch"] not in {row["branch"] for row in branches}:
        raise Refusal(f"Could not find branch '{body['branch']}'")
    commit = store.one(
        "select * from commits where owner = ? and name = ? and sha = ? and branch = ?",
        owner,
        name,
        body["commit"],
        body["branch"],
    )
    if commit is None:
        raise Refusal(f"Could not find commit on branch '{body['branch']}': {body['commit']}")
    text = json.loads(commit["files"]).get("project.yaml")
    if text is None:
        raise Refusal(f"No project.yaml file found in {url}")
    try:
        actions: dict[str, dict[str, Any]] = yaml.safe_load(text.encode())["actions"]
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else "?"
        raise Refusal(f"{exc} (line: {line})") from exc
    except (yaml.YAMLError, TypeError, KeyError) as exc:
        raise Refusal(f"Invalid project: {exc}") from exc
    return actions


def _check_image(store: Store, name: str, run: str) -> None:
    image, _, rest = run.partition(":")
    known = "select 1 from repos where owner = 'opensafely-actions' and name = ?"
    if image not in _IMAGES and store.one(known, image) is None:
        version = (rest.split() or [""])[0]
        raise Refusal(
            f"in '{name}: {image}:{version}' could not find a repo at"
            f" https://github.com/opensafely-actions/{image}\n"
            f"Check that '{image}' is in the list of available actions at https://actions.opensafely.org"
        )


def _latest(store: Store, backend: str, workspace: str) -> dict[str, str]:
    """The status of the newest uncancelled job of each action."""
    rows = store.all(
        "select action, status from jobs where backend = ? and workspace = ? and cancelled = 0 order by n",
        backend,
        workspace,
    )
    return {row["action"]: row["status"] for row in rows}


def _choose(
    name: str,
    actions: dict[str, dict[str, Any]],
    latest: dict[str, str],
    force: bool,
    chosen: dict[str, None],
    explicit: bool,
) -> None:
    """Add `name` and what it needs to `chosen`, unless it is under way or need not run again."""
    if name in chosen or latest.get(name) in _ACTIVE:
        return
    if latest.get(name) == "succeeded" and not explicit and not force:
        return
    for need in actions[name].get("needs") or []:
        _choose(need, actions, latest, force, chosen, False)
    chosen[name] = None


def _insert(store: Store, body: dict[str, Any], actions: dict[str, dict[str, Any]], new: list[str]) -> None:
    now = time.time()
    first = (store.one("select coalesce(max(n), 0) as n from jobs") or {"n": 0})["n"]
    store.many(
        "insert or ignore into jobs (identifier, rap_id, backend, workspace, action, run, needs, requires_db,"
        " created, updated, status, code, message, n) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                identifier(body["rap_id"], name),
                body["rap_id"],
                body["backend"],
                body["workspace"],
                name,
                str(actions[name]["run"]),
                json.dumps(actions[name].get("needs") or []),
                int("ehrql" in str(actions[name]["run"])),
                now,
                now,
                "pending",
                "created",
                "Created",
                first + index + 1,
            )
            for index, name in enumerate(new)
        ],
    )
    store.run(
        "insert or ignore into raps values (?, ?, ?, ?, ?, ?, ?)",
        body["rap_id"],
        body["backend"],
        body["workspace"],
        body["repo_url"],
        body["commit"],
        json.dumps(body),
        now,
    )
