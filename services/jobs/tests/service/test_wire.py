"""What we send is what the real controller takes; what it answers becomes what it said (RAP1 to RAP39)."""

import json
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import yaml
from contracts.identity import OrgState
from contracts.projects import ProjectState
from fastapi import FastAPI, Request, Response
from jobs.rap.client import Answered, NoAnswer, RapClient
from jobs.rap.dispatcher import Dispatcher
from jobs.rap.sync import Sync
from messaging.uow import Units
from testkit import wire
from testkit.world import World, running

from .conftest import Made, Projects

STATUSES = [
    (source, name)
    for source, exchanges in wire.rap().items()
    for name, one in exchanges.items()
    if "/rap/status/" in one["request"]["url"] and "jobs" in (one["response"]["json"] or {})
]
CREATE = json.loads(wire.rap()["condensed"]["052-create-ok"]["request"]["body"])


def request_schema(shared: Path, path: str) -> dict[str, Any]:
    document = yaml.safe_load((shared / "spec" / "rap-openapi.yaml").read_text())
    schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return {**schema, "components": document["components"]}


class Heard:
    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer: Any = {"jobs": [], "count": 1, "backends": []}


@pytest.fixture
async def heard() -> Any:
    """A server that keeps whatever it is sent, and a client of it."""
    here, app = Heard(), FastAPI()

    @app.api_route("/controller/v1/{path:path}", methods=["GET", "POST"])
    async def hear(path: str, request: Request) -> Response:
        body = await request.body()
        here.requests.append((request.method, "/" + path, dict(request.headers), body))
        if isinstance(here.answer, Response):
            return here.answer
        return Response(json.dumps(here.answer), media_type="application/json")

    async with running(app) as url:
        client = RapClient(f"{url}/controller/v1/", "the-token")
        yield here, client
        await client.close()


@pytest.fixture
async def body_and_id(
    made: Made, head: str, dispatcher: Dispatcher, control: httpx.AsyncClient, projects: Projects
) -> tuple[dict[str, Any], str]:
    """What is sent for a request, and its RAP id."""
    await made.known(
        second=OrgState(id=2, version=1, slug="second", name="Second"),
        project=ProjectState(id=1, version=2, slug="demo-project", name="Demo", org_ids=[2, 1]),
    )
    projects.scope = {"population_permissions": ["include_t1oo"], "dataset_permissions": ["appointments"]}
    request = await made.request(sha=head, submission="waiting", requested_actions=["report"])
    await dispatcher.once()
    [rap] = (await control.get("/state")).json()["raps"]
    return json.loads(rap["body"]), request.rap_id


async def test_the_body_of_a_request_is_one_that_the_controller_takes(
    body_and_id: tuple[dict[str, Any], str], head: str
) -> None:
    """RAP9 to RAP12"""
    body, rap_id = body_and_id
    assert {key: type(value) for key, value in body.items()} == {k: type(v) for k, v in CREATE.items()}
    assert body == {
        "rap_id": rap_id,
        "backend": "tpp",
        "workspace": "demo-workspace",
        "repo_url": "https://github.com/opensafely/demo-study",
        "branch": "main",
        "commit": head,
        "database_name": "default",
        "requested_actions": ["report"],
        "codelists_ok": True,
        "force_run_dependencies": False,
        "created_by": "rosa",
        "project": "demo-project",
        "orgs": ["second", "bennett"],
        "analysis_scope": {
            "population_permissions": ["include_t1oo"],
            "dataset_permissions": ["appointments"],
        },
    }


async def every_call(client: RapClient) -> None:
    await client.create(CREATE)
    await client.status(["a" * 16])
    await client.cancel("a" * 16, ["x"])
    await client.backend_status()


async def test_every_call_carries_the_raw_token_and_ends_in_a_slash(heard: tuple[Heard, RapClient]) -> None:
    """RAP1 to RAP3"""
    here, client = heard
    await every_call(client)
    assert [(method, path) for method, path, _, _ in here.requests] == [
        ("POST", "/rap/create/"),
        ("POST", "/rap/status/"),
        ("POST", "/rap/cancel/"),
        ("GET", "/backend/status/"),
    ]
    for method, _path, headers, body in here.requests:
        assert headers["authorization"] == "the-token"
        if method == "POST":
            assert headers["content-type"] == "application/json"
            assert json.loads(body)
        else:
            assert body == b""


async def test_every_body_keeps_to_the_published_schema(
    shared: Path, heard: tuple[Heard, RapClient], body_and_id: tuple[dict[str, Any], str]
) -> None:
    here, client = heard
    await every_call(client)
    sent = [(path, json.loads(body)) for method, path, _, body in here.requests if method == "POST"]
    for path, body in [*sent, ("/rap/create/", body_and_id[0])]:
        jsonschema.validate(body, request_schema(shared, path))


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"", NoAnswer),
        (200, b"<html>", NoAnswer),
        (201, b"[]", NoAnswer),
        (201, b'{"result": "Success"}', NoAnswer),
        (200, b'{"count": "3"}', NoAnswer),
        (200, b'{"count": null}', NoAnswer),
        (301, b"", NoAnswer),
        (404, b"<html>", NoAnswer),
        (405, b"", NoAnswer),
        (500, b"", NoAnswer),
        (500, b'{"details": "boom"}', NoAnswer),
        (502, b"<html>", NoAnswer),
        (503, b'{"details": "later"}', NoAnswer),
        (400, b'"text"', NoAnswer),
        (400, b"\xff", NoAnswer),
        (400, b'{"error": "Error creating jobs", "details": "why"}', Answered),
        (400, b"{}", Answered),
        (401, b'{"details": "Invalid token"}', Answered),
        (404, b'{"details": "No jobs found"}', Answered),
    ],
)
async def test_only_the_controllers_own_refusal_is_an_answer(
    heard: tuple[Heard, RapClient], status: int, body: bytes, error: type[Exception]
) -> None:
    """RAP1, RAP7, RAP22"""
    here, client = heard
    here.answer = Response(body, status, headers={"Location": "/controller/v1/elsewhere/"})
    with pytest.raises(error):
        await client.create({})
    assert len(here.requests) == 1, "neither repeated nor redirected by itself"


@pytest.mark.parametrize(("source", "name"), STATUSES)
async def test_a_status_becomes_exactly_the_jobs_it_tells_of(
    made: Made, units: Units, world: World, source: str, name: str
) -> None:
    """RAP24, RAP26"""
    response = wire.rap()[source][name]["response"]
    told = response["json"]
    for number, rap_id in enumerate(sorted({job["rap_id"] for job in told["jobs"]})):
        await made.request(number, rap_id=rap_id)
    applied = await Sync(units).apply(response["body"].encode())
    assert applied.changed == {job["rap_id"] for job in told["jobs"]}
    assert applied.unrecognised == set(told["unrecognised_rap_ids"])
    rows = await world.rows(
        "jobs", "select j.*, r.rap_id from jobs j join job_requests r on r.id = job_request_id"
    )
    kept = {row["identifier"]: row for row in rows}
    assert len(kept) == len(told["jobs"])
    for job in told["jobs"]:
        row = kept[job["identifier"]]
        for key in ("rap_id", "action", "run_command", "status", "status_code", "status_message"):
            assert row[key] == job[key]
        for key in ("created_at", "updated_at", "started_at", "completed_at"):
            assert (row[key] and row[key].strftime("%Y-%m-%dT%H:%M:%SZ")) == job[key]
        assert json.loads(row["metrics"]) == job["metrics"]
        assert json.loads(row["trace_context"]) == job["trace_context"]


@pytest.mark.parametrize("source", wire.rap())
async def test_the_life_of_all_runs_ends_each_of_them_once(
    made: Made, units: Units, world: World, source: str
) -> None:
    exchanges = wire.rap()[source]
    told = [exchanges[name]["response"] for where, name in STATUSES if where == source]
    jobs = [job for response in told for job in response["json"]["jobs"]]
    for number, rap_id in enumerate(sorted({job["rap_id"] for job in jobs})):
        await made.request(number, rap_id=rap_id)
    sync = Sync(units)
    for response in told:
        await sync.apply(response["body"].encode())
    last = {job["identifier"]: job["status"] for job in jobs}
    for row in await world.rows("jobs", "select identifier, status from jobs"):
        assert row["status"] == last[row["identifier"]]
    ended = {
        rap_id
        for rap_id in {job["rap_id"] for job in jobs}
        if {last[job["identifier"]] for job in jobs if job["rap_id"] == rap_id} <= {"succeeded", "failed"}
    }
    assert len(ended) >= 4
    rows = await world.rows(
        "jobs", "select rap_id from job_requests where status in ('failed', 'succeeded', 'cancelled')"
    )
    assert {row["rap_id"] for row in rows} == ended
    announced = await world.announced("jobs")
    assert announced.count("jobs.job_request.finished.v1") == len(ended)
