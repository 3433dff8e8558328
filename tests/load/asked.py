"""Every page and API that is measured; each asks for many things in turn, so that no cache flatters it."""

import json

from rawclient import request
from runs import ACTIONS
from seed import release_id, workspace
from testkit.stack import Stack

Asked = list[tuple[str, int, bytes]]
_SPREAD = range(0, 300, 7)
_WORKSPACE_PARTS = (
    *("fragments/jobs", "fragments/releases"),
    *("logs/fragments/rows", "releases/fragments/rows"),
)
# Nobody may have several of these under way, so a crowd would measure the refusals.
LIMITED = frozenset({"event log, text", "event log, one letter", "event log, text in part"})
DEMO = "/demo-project/demo-workspace/"
_TEXTS = ("model", "MOD", "report", "load0123", "aaaaaaaa", "nothing", *range(1_000_000, 1_000_009))


def place(number: int) -> str:
    return f"/load-project-{number % 60}/{workspace(number)}/"


def asked(stack: Stack, session: str) -> dict[str, Asked]:
    url = stack.url.replace("localhost", "127.0.0.1")
    cookie = {"Cookie": session, "Accept": "text/html"}

    def pages(*paths: str, by: dict[str, str] = cookie) -> Asked:
        return [request(url + path, by) for path in paths]

    nobody = {"Accept": "text/html"}
    return {
        **_api(stack, url),
        "release index": pages(
            *(f"/api/v2/releases/workspace/{workspace(n)}" for n in _MINE), by={"Cookie": session}
        ),
        "home": pages("/"),
        "home, nobody": pages(*(f"/?n={n}" for n in range(400)), by=nobody),
        "status": pages("/status/"),
        "status, nobody": pages(*(f"/status/?n={n}" for n in range(400)), by=nobody),
        "projects, nobody": pages(*(f"/projects/?n={n}" for n in range(400)), by=nobody),
        "workspaces, nobody": pages(*(f"/workspaces/?n={n}" for n in range(400)), by=nobody),
        "event log, nobody": pages(*(f"/event-log/?n={n}" for n in range(400)), by=nobody),
        "workspace page, nobody": pages(*(place(n) for n in range(300)), by=nobody),
        "projects": pages("/projects/?all=1", "/projects/", "/projects/?all=1&q=load"),
        "workspaces": pages("/workspaces/?all=1", "/workspaces/", "/workspaces/?all=1&page=7"),
        "project page": pages(*(f"/load-project-{n}/" for n in range(60))),
        "workspace page": pages(*(place(n) for n in _SPREAD)),
        "runs of a workspace": pages(*(f"{place(n)}logs/" for n in _SPREAD)),
        "releases": pages(*(f"{place(n)}releases/" for n in _SPREAD)),
        "release": pages(*(f"{place(n)}releases/{release_id(n)}/" for n in _MINE)),
        "settings": pages("/settings/"),
        "log in, nobody": pages(*(f"/login/?next=/{n}/" for n in range(400)), by=nobody),
        "run form": pages(f"{DEMO}run-jobs/", f"{DEMO}run-jobs/main/"),
        "archive, confirmation": pages(*(f"{place(n)}archive-toggle/" for n in _MINE)),
        "components": pages("/ui-components", "/ui-components/confirmation/"),
        "parts of home": pages(*(f"/fragments/{part}/" for part in ("runs", "attention", "releases"))),
        "parts of lists": pages("/event-log/fragments/rows/", "/status/fragments/cards/"),
        "parts of a workspace": pages(*(f"{place(n)}{part}/" for n in _SPREAD for part in _WORKSPACE_PARTS)),
        "search": pages(*(f"/search/?q={text}" for text in ("load", "model", "aaaaaaa", "01LOAD0000"))),
        "event log": pages("/event-log/"),
        "event log, text": pages(*(f"/event-log/?q={text}" for text in _TEXTS)),
        "event log, one letter": pages(*(f"/event-log/?q={text}" for text in "emr")),
        "event log, text in part": pages(
            *(
                f"/event-log/?q={ACTIONS[2]}&{part}"
                for part in ("state=failed", "backend=tpp", f"workspace={workspace(7)}", "since=2025-01-01")
            )
        ),
        "event log, part of a name": pages(*(f"/event-log/?project=load+project+{n}" for n in range(1, 6))),
        "event log, some days": pages(
            *(f"/event-log/?since=2025-{m:02}-01&until=2025-{m:02}-09" for m in range(1, 13))
        ),
        "event log, as CSV": pages(f"/event-log/?workspace={workspace(7)}&format=csv"),
        "choices": pages("/choices/project/?q=load", "/choices/person/?q=lo", "/choices/workspace/?q=7"),
        "event log, filtered": pages(*(f"/event-log/?workspace={workspace(n)}" for n in _SPREAD)),
    }


_MINE = [n for n in range(250) if n % 60 < 4]  # releases of the projects in which the load tester is


def _api(stack: Stack, url: str) -> dict[str, Asked]:
    backend = {"Authorization": stack.demo["backend"]["token"], "Accept": "application/json"}
    person = json.dumps({"user": "loadtester"}).encode()
    return {
        "health": [request(f"{url}/health/live", {})],
        "authorise": [
            request(
                f"{url}/api/v2/releases/authorise", backend | {"Content-Type": "application/json"}, person
            )
        ],
        "workspace statuses": [
            request(f"{url}/api/v2/workspaces/{workspace(n)}/statuses/", backend) for n in _SPREAD
        ],
        "user API": [request(f"{url}/api/v2/users/{name}/", backend) for name in ("loadtester", "rosa")],
    }
