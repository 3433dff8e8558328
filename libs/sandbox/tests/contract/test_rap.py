"""The sandbox's controller answers as the recorded real one did, and as its published schema says."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import sandbox.app
import yaml
from testkit.world import running

SHARED = Path(__file__).parents[5] / "shared"
RECORDINGS: dict[str, Any] = {
    file.stem: json.loads(file.read_text()) for file in sorted((SHARED / "recordings" / "rap").glob("*.json"))
}
# Refusals that need no particular history: the same words are owed for the same request.
REFUSALS = [
    name
    for name, recorded in RECORDINGS.items()
    if recorded["response"]["status"] in {400, 401, 405}
    and recorded["request"].get("body") is not None
    and any(
        part in name for part in ("missing", "bad-token", "no-token", "null", "malformed", "empty", "get")
    )
    and not any(part in name for part in ("repo", "branch-empty"))
]


@pytest.fixture(scope="module")
async def controller(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    home = tmp_path_factory.mktemp("controller")
    app = sandbox.app.create(home, smtp_port=0, token="rap-client-token", backends=["test", "tpp"])
    async with running(app) as url, httpx.AsyncClient(base_url=f"{url}/rap/controller/v1/") as client:
        await client.post(f"{url}/control/speed", json={"seconds_per_job": 0.2})
        yield client


async def send(controller: httpx.AsyncClient, recorded: dict[str, Any]) -> httpx.Response:
    request = recorded["request"]
    path = request["url"].split("/controller/v1/")[1]
    headers = {k: v for k, v in request["headers"].items() if k.lower() != "content-length"}
    return await controller.request(
        request["method"], path, content=(request["body"] or "").encode(), headers=headers
    )


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_refusal_has_the_real_ones_status_and_shape(controller: httpx.AsyncClient, name: str) -> None:
    recorded = RECORDINGS[name]["response"]
    answer = await send(controller, RECORDINGS[name])
    assert answer.status_code == recorded["status"], answer.text
    if recorded.get("json"):
        assert answer.json().keys() == recorded["json"].keys()
        assert answer.json()["error"] == recorded["json"]["error"]


async def create(controller: httpx.AsyncClient, rap_id: str, **more: Any) -> httpx.Response:
    body = json.loads(RECORDINGS["052-create-ok"]["request"]["body"])
    sandbox_url = str(controller.base_url).split("/rap/")[0]
    commits = await controller.get(f"{sandbox_url}/github/api/repos/opensafely/demo-study/commits/main")
    body |= {
        "rap_id": rap_id,
        "repo_url": "https://github.com/opensafely/demo-study",
        "commit": commits.json()["sha"],
    }
    body |= {"requested_actions": ["report"], **more}
    return await controller.post("rap/create/", json=body, headers={"Authorization": "rap-client-token"})


async def test_a_created_rap_looks_and_lives_like_a_real_one(controller: httpx.AsyncClient) -> None:
    recorded = RECORDINGS["052-create-ok"]["response"]
    answer = await create(controller, "sandboxaaaaaaaaa")
    assert answer.status_code == recorded["status"]
    assert answer.json().keys() == recorded["json"].keys()
    again = await create(controller, "sandboxaaaaaaaaa")
    assert again.status_code == 200
    wanted = RECORDINGS["062-status-executing"]["response"]["json"]["jobs"][0]
    seen: set[tuple[str, str]] = set()
    for _ in range(400):
        status = await controller.post(
            "rap/status/",
            json={"rap_ids": ["sandboxaaaaaaaaa", "nobodyaaaaaaaaaa"]},
            headers={"Authorization": "rap-client-token"},
        )
        jobs = status.json()["jobs"]
        assert status.json()["unrecognised_rap_ids"] == ["nobodyaaaaaaaaaa"]
        assert all(job.keys() == wanted.keys() for job in jobs)
        assert all(
            type(job[key]) is type(wanted[key])
            for job in jobs
            for key in wanted
            if job[key] is not None and wanted[key] is not None
        )
        seen |= {(job["status"], job["status_code"]) for job in jobs}
        if {job["status"] for job in jobs} == {"succeeded"}:
            break
    assert ("pending", "waiting_on_dependencies") in seen
    assert any(status == "running" for status, _ in seen)
    assert {job["status_code"] for job in jobs} == {"succeeded"}


def plain(schema: Any) -> Any:
    """OpenAPI 3.0's `nullable` in the words of JSON Schema; examples left out."""
    if isinstance(schema, list):
        return [plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {
        key: plain(value) for key, value in schema.items() if key not in {"nullable", "examples", "example"}
    }
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") is True else made


def test_the_published_schema_was_found() -> None:
    document = yaml.safe_load((SHARED / "spec" / "rap-openapi.yaml").read_text())
    assert document["paths"]


async def test_answers_keep_to_the_published_schema(controller: httpx.AsyncClient) -> None:
    document = yaml.safe_load((SHARED / "spec" / "rap-openapi.yaml").read_text())
    token = {"Authorization": "rap-client-token"}
    checked = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method not in {"get", "post"}:
                continue
            if path.rstrip("/").endswith("backend/status"):
                answer = await controller.request(method, "backend/status/", headers=token)
            elif path.rstrip("/").endswith("rap/status"):
                answer = await controller.post(
                    "rap/status/", json={"rap_ids": ["sandboxaaaaaaaaa"]}, headers=token
                )
            else:
                continue
            described = operation["responses"][answer.status_code]["content"]["application/json"]["schema"]
            jsonschema.validate(answer.json(), plain({**described, "components": document["components"]}))
            checked += 1
    assert checked == 2
