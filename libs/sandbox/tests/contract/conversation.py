"""The conversation with the real controller, condensed and recorded, held once more with the sandbox's."""

import json
import re
import time
from typing import Any, NamedTuple

import httpx
import pytest
from testkit import wire

# number -> exchange, by where it comes from
EXCHANGES: dict[str, dict[str, Any]] = {
    source: {name[:3]: one for name, one in exchanges.items()} for source, exchanges in wire.rap().items()
}
# The index is the sandbox's own page, and its agent never reboots.
NOT_PLAYED = {"010", "125"}


class Tokens(NamedTuple):
    """With what right the exchanges were made: for two backends, for one of them, and for another one."""

    both: str
    one: str
    other: str


TOKENS = {
    "condensed": Tokens("controller-token", "test-only-token", "emis-only-token"),
    "recorded": Tokens("rap-client-token", "rap-test-only-token", "rap-emis-only-token"),
}
BACKENDS = Tokens("test tpp", "test", "emis")
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


def told(source: str, number: str) -> tuple[int, Any]:
    """What is expected, in the form of `essence`."""
    response = EXCHANGES[source][number]["response"]
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
    """Sends the requests of one source to the sandbox; `answers` holds what it said to each. Those that the
    source does not have are left out."""

    def __init__(self, source: str, urls: dict[str, str], http: httpx.AsyncClient, clock: Clock) -> None:
        self.source = source
        self.exchanges = EXCHANGES[source]
        self._token = TOKENS[source].both
        self._urls = urls
        self._clock = clock
        self._http = http
        self.answers: dict[str, httpx.Response] = {}

    def rap_id(self, number: str, place: int = 0) -> str:
        """That the exchange is about."""
        body = json.loads(self.exchanges[number]["request"]["body"])
        return str(body["rap_ids"][place] if "rap_ids" in body else body["rap_id"])

    async def say(self, *numbers: str) -> None:
        for number in numbers:
            if number not in self.exchanges:
                continue
            request = self.exchanges[number]["request"]
            token = request["headers"].get("Authorization", "")
            base = self._urls.get(token, self._urls[self._token])
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
        """Ask until the expected state has come; what came instead is left for the test to complain of."""
        for _ in range(600 if number in self.exchanges else 0):
            await self.say(number)
            if essence(self.answers[number]) == told(self.source, number):
                return
            self._clock.advance()

    async def until_succeeded(self, rap_id: str) -> None:
        for _ in range(600):
            answer = await self.post("/rap/controller/v1/rap/status/", {"rap_ids": [rap_id]})
            if {job["status"] for job in answer["jobs"]} == {"succeeded"}:
                return
            self._clock.advance()
        pytest.fail(f"{rap_id} does not succeed: {answer}")

    async def create(self, like: str, rap_id: str, **more: Any) -> None:
        body = json.loads(self.exchanges[like]["request"]["body"]) | {"rap_id": rap_id, **more}
        await self.post("/rap/controller/v1/rap/create/", body)

    async def control(self, path: str, **body: Any) -> None:
        await self.post(f"/control/{path}", body)

    async def post(self, path: str, body: Any) -> Any:
        headers = {"Authorization": self._token}
        answer = await self._http.post(self._urls[self._token] + path, json=body, headers=headers)
        return answer.raise_for_status().json()


async def hold(play: Play) -> None:
    """All of it, in the recorded order of events."""
    for part in (refusals, one_run, runs_of_everything, cancelling, other_ends, flags, workers):
        await part(play)


async def refusals(play: Play) -> None:
    await play.say("001", "002", "004", "005", "007", "011", "013", "014", "016", "017", "019", "020", "022")
    await play.say("023", "025", "026", "028", "029", "031", "032", "034", "035", "037", "041", "043", "044")
    await play.say("046", "047", "049", "050", "128", "131", "133", "134", "136")
    await play.say("086", "088", "089", "091", "092", "094", "095", "097", "098", "101")
    await play.say("205", "206")


async def one_run(play: Play) -> None:
    await play.control("speed", seconds_per_job=0.6)
    await play.say("052", "053", "055", "056", "058", "201")
    for number in ("059", "061", "062", "064", "065"):
        await play.until(number)
    body = {"rap_id": play.rap_id("052"), "actions": ["standalone"]}
    await play.post("/rap/controller/v1/rap/cancel/", body)
    await play.say("067", "100")


async def runs_of_everything(play: Play) -> None:
    await play.control("speed", seconds_per_job=0.05)
    failed = play.exchanges["070"]["response"]["json"]["jobs"]
    failures = {(j["action"], j["status_code"]): j for j in failed}
    for (action, code), job in failures.items():
        if code != "dependency_failed":
            await play.control(f"actions/{action}", fail=True, code=code, message=job["status_message"])
    await play.say("068")
    await play.until("070")
    for action, _ in failures:
        await play.control(f"actions/{action}")
    last = play.exchanges.get("119", play.exchanges["074"])["response"]["json"]["jobs"]
    for some in last:
        if "excluded" in some["status_message"]:
            await play.control(f"actions/{some['action']}", message=some["status_message"])
    await play.say("071", "073")
    await play.until("074")


async def cancelling(play: Play) -> None:
    await play.until_succeeded(play.rap_id("071"))
    await play.say("202")
    await play.control("actions/generate_dataset", hang=True)
    await play.say("076")
    await play.until("077")
    await play.say("203", "079", "080", "082", "083", "085")
    await play.until("204")
    await play.control("actions/generate_dataset")


async def other_ends(play: Play) -> None:
    await play.control("speed", seconds_per_job=0.4)
    await play.control(
        "actions/standalone", fail=True, code="job_error", message="This job returned a fatal error."
    )
    await play.create("052", play.rap_id("104"))
    await play.until("103")
    await play.until("104")
    await play.control("actions/standalone")
    await play.control("speed", seconds_per_job=0.05)
    if "106" in play.exchanges:
        await play.create("113", play.rap_id("106"))
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
    for number in ("109", "113"):  # so that all places are free
        await play.until_succeeded(play.rap_id(number))
    await play.control("speed", seconds_per_job=3)
    await play.create("121", play.rap_id("124", 0), workspace="ws-w0")
    await play.say("121", "122")
    await play.create("122", play.rap_id("124", 3), workspace="ws-w3")
    await play.until("124")
    await play.control("speed", seconds_per_job=0.05)
    await play.until("127")
    await play.say("038", "130", "137")
