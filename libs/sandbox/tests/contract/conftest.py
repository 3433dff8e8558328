"""The recorded conversation with the real controller, held once more with the sandbox's."""

import json
import re
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import sandbox.app
from sandbox.rap import agent, api, create
from testkit.world import running

SHARED = Path(__file__).parents[5] / "shared"
RECORDINGS: dict[str, Any] = {
    file.stem[:3]: json.loads(file.read_text())
    for file in sorted((SHARED / "recordings" / "rap").glob("*.json"))
}
# The index is the sandbox's own page, and its agent never reboots.
NOT_PLAYED = {"010", "125"}
TOKENS = {
    "rap-client-token": ["test", "tpp"],
    "rap-test-only-token": ["test"],
    "rap-emis-only-token": ["emis"],
}
DATASET = "analysis/dataset_definition.py --output output/dataset.csv.gz"
PIPELINE = f"""version: 3
expectations: {{population_size: 10}}
actions:
  generate_dataset:
    run: ehrql:v1 generate-dataset {DATASET}
    outputs: {{highly_sensitive: {{d: output/dataset.csv.gz}}}}
  summarise:
    run: python:v2 python analysis/summarise.py
    needs: [generate_dataset]
    outputs: {{moderately_sensitive: {{s: output/s.csv}}}}
  plot:
    run: r:v2 analysis/plot.R
    needs: [summarise]
    outputs: {{moderately_sensitive: {{p: output/p.png}}}}
  standalone:
    run: python:v2 python analysis/standalone.py
    outputs: {{moderately_sensitive: {{a: output/a.csv}}}}
  reusable:
    run: python:v2 python entrypoint.py --flag
    outputs: {{moderately_sensitive: {{r: output/r.csv}}}}
"""
BRANCHES = {
    "main": ("052", {"project.yaml": PIPELINE}),
    "no-project": ("046", {"README.md": ""}),
    "bad-yaml": ("047", {"project.yaml": "version: 3\nactions:\n  a:\n    run: [\n"}),
    "bad-reusable": (
        "049",
        {"project.yaml": "actions:\n  a:\n    run: nosuch-action:v1.0\n    outputs: {}\n"},
    ),
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


def masked(value: Any, name: str = "") -> Any:
    """What both owe: times by their form, orders that mean nothing sorted, measured values gone."""
    if name == "last_seen":  # nobody has to be waited for in a sandbox
        return "a time or null"
    if name == "trace_context":
        return sorted(value)
    if name == "metrics":
        return bool(value)
    if isinstance(value, dict):
        return {key: masked(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return (
            sorted((masked(item) for item in value), key=str)
            if name == "jobs"
            else [masked(v) for v in value]
        )
    if isinstance(value, str) and (found := _TIME.fullmatch(value)):
        return "microseconds" if found[1] else "seconds"
    return value


def essence(response: httpx.Response) -> tuple[int, Any]:
    try:
        return response.status_code, masked(response.json())
    except ValueError:
        return response.status_code, response.text


def recorded(number: str) -> tuple[int, Any]:
    response = RECORDINGS[number]["response"]
    body = response["body"] if response["json"] is None else masked(response["json"])
    return response["status"], body


class Clock:
    """The controller's time, which passes only while an answer is waited for: no state is missed."""

    def __init__(self) -> None:
        self._now = time.time()

    def time(self) -> float:
        return self._now

    def advance(self) -> None:
        self._now += 0.02


class Play:
    """Sends recorded requests to the sandbox; `answers` holds what it said to each."""

    def __init__(self, urls: dict[str, str], http: httpx.AsyncClient, clock: Clock) -> None:
        self._urls = urls
        self._clock = clock
        self._http = http
        self.answers: dict[str, httpx.Response] = {}

    async def say(self, *numbers: str) -> None:
        for number in numbers:
            request = RECORDINGS[number]["request"]
            token = request["headers"].get("Authorization", "")
            base = self._urls.get(token, self._urls["rap-client-token"])
            path = request["url"].split("/controller/v1/")[1]
            body = request["body"] or ""
            content = b"\xff\xfe{}" if body.startswith("b'\\xff") else body.encode()
            self.answers[number] = await self._http.request(
                request["method"],
                f"{base}/rap/controller/v1/{path}",
                content=content,
                headers={
                    k: v for k, v in request["headers"].items() if k in {"Authorization", "Content-Type"}
                },
            )

    async def until(self, number: str) -> None:
        """Ask until the recorded state has come; what came instead is left for the test to complain of."""
        for _ in range(600):
            await self.say(number)
            if essence(self.answers[number]) == recorded(number):
                return
            self._clock.advance()

    async def until_succeeded(self, rap_id: str) -> None:
        for _ in range(600):
            told = await self.post("/rap/controller/v1/rap/status/", {"rap_ids": [rap_id]})
            if {job["status"] for job in told["jobs"]} == {"succeeded"}:
                return
            self._clock.advance()
        pytest.fail(f"{rap_id} does not succeed: {told}")

    async def create(self, like: str, rap_id: str, **more: Any) -> None:
        body = json.loads(RECORDINGS[like]["request"]["body"]) | {"rap_id": rap_id, **more}
        await self.post("/rap/controller/v1/rap/create/", body)

    async def control(self, path: str, **body: Any) -> None:
        await self.post(f"/control/{path}", body)

    async def post(self, path: str, body: Any) -> Any:
        headers = {"Authorization": "rap-client-token"}
        answer = await self._http.post(self._urls["rap-client-token"] + path, json=body, headers=headers)
        return answer.raise_for_status().json()


def plant(home: Path) -> None:
    """The study of the recordings, at the recorded commits."""
    with closing(sqlite3.connect(home / "sandbox.sqlite3")) as store:
        store.execute("insert into repos (owner, name) values ('opensafely', 'test-study')")
        for branch, (number, files) in BRANCHES.items():
            sha = json.loads(RECORDINGS[number]["request"]["body"])["commit"]
            store.execute(
                "insert into commits values ('opensafely', 'test-study', ?, ?, 1, 'm', 'a', ?, ?)",
                (sha, branch, "2026-11-23T16:00:00Z", json.dumps(files)),
            )
        store.commit()


@pytest.fixture(scope="session")
async def urls(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, str]]:
    """One controller, reached with each of the recorded tokens."""
    home = tmp_path_factory.mktemp("controller")
    async with AsyncExitStack() as stack:
        found = {}
        for token, backends in TOKENS.items():
            app = sandbox.app.create(home, smtp_port=0, token=token, backends=backends)
            found[token] = await stack.enter_async_context(running(app))
        plant(home)
        yield found


@pytest.fixture(scope="session")
async def answers(shared: Path, urls: dict[str, str]) -> dict[str, httpx.Response]:
    """What the sandbox answers to every recorded request, in the recorded order of events."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(agent, "CAPACITY", 2)
        clock = Clock()
        for module in (agent, api, create):
            patch.setattr(module, "time", clock)
        async with httpx.AsyncClient() as http:
            play = Play(urls, http, clock)
            await refusals(play)
            await one_run(play)
            await runs_of_everything(play)
            await cancelling(play)
            await other_ends(play)
            await flags(play)
            await workers(play)
            return play.answers


async def refusals(play: Play) -> None:
    await play.say("001", "002", "004", "005", "007", "011", "013", "014", "016", "017", "019", "020", "022")
    await play.say("023", "025", "026", "028", "029", "031", "032", "034", "035", "037", "041", "043", "044")
    await play.say("046", "047", "049", "050", "128", "131", "133", "134", "136")
    await play.say("086", "088", "089", "091", "092", "094", "095", "097", "098", "101")


async def one_run(play: Play) -> None:
    await play.control("speed", seconds_per_job=0.6)
    await play.say("052", "053", "055", "056", "058")
    for number in ("059", "061", "062", "064", "065"):
        await play.until(number)
    body = {"rap_id": "r1aaaaaaaaaaaaaa", "actions": ["standalone"]}
    await play.post("/rap/controller/v1/rap/cancel/", body)
    await play.say("067", "100")


async def runs_of_everything(play: Play) -> None:
    await play.control("speed", seconds_per_job=0.05)
    failures = {(j["action"], j["status_code"]): j for j in RECORDINGS["070"]["response"]["json"]["jobs"]}
    for (action, code), job in failures.items():
        if code != "dependency_failed":
            await play.control(f"actions/{action}", fail=True, code=code, message=job["status_message"])
    await play.say("068")
    await play.until("070")
    for action, _ in failures:
        await play.control(f"actions/{action}")
    some = next(j for j in RECORDINGS["119"]["response"]["json"]["jobs"] if "excluded" in j["status_message"])
    await play.control(f"actions/{some['action']}", message=some["status_message"])
    await play.say("071", "073")
    await play.until("074")


async def cancelling(play: Play) -> None:
    await play.until_succeeded("r4aaaaaaaaaaaaaa")
    await play.control("actions/generate_dataset", hang=True)
    await play.say("076")
    await play.until("077")
    await play.say("079", "080", "082", "083", "085")
    await play.control("actions/generate_dataset")


async def other_ends(play: Play) -> None:
    await play.control("speed", seconds_per_job=0.4)
    await play.control(
        "actions/standalone", fail=True, code="job_error", message="This job returned a fatal error."
    )
    await play.create("052", "r8aaaaaaaaaaaaaa")
    await play.until("103")
    await play.until("104")
    await play.control("actions/standalone")
    await play.control("speed", seconds_per_job=0.05)
    await play.create("113", "r9aaaaaaaaaaaaaa")
    await play.until("106")


async def flags(play: Play) -> None:
    await play.control("backends/test", paused=True)
    await play.say("109")
    await play.until("110")
    await play.control("backends/test", paused=False)
    await play.control("backends/tpp", maintenance=True)
    await play.control("backends/tpp", maintenance=False)
    await play.say("112")
    await play.control("backends/tpp", maintenance=True)
    await play.say("113", "115")
    await play.control("backends/tpp", maintenance=False)
    await play.say("116")
    await play.control("backends/test", maintenance=True)
    await play.control("backends/test", maintenance=False)
    await play.say("118")
    await play.until("119")


async def workers(play: Play) -> None:
    await play.control("speed", seconds_per_job=3)
    await play.create("121", "w0aaaaaaaaaaaaaa", workspace="ws-w0")
    await play.say("121", "122")
    await play.create("122", "w3aaaaaaaaaaaaaa", workspace="ws-w3")
    await play.until("124")
    await play.control("speed", seconds_per_job=0.05)
    await play.until("127")
    await play.say("038", "130", "137")
