"""The sandbox's controller answers as the recorded real one did, and as its published schema says."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import yaml

from .conftest import NOT_PLAYED, RECORDINGS, SHARED, essence, recorded


def plain(schema: Any) -> Any:
    """OpenAPI 3.0's `nullable` in the words of JSON Schema; examples left out."""
    if isinstance(schema, list):
        return [plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: plain(value) for key, value in schema.items() if key not in {"nullable", "examples"}}
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") is True else made


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((SHARED / "spec" / "rap-openapi.yaml").read_text())
    return found


def path_of(number: str) -> str:
    return "/" + RECORDINGS[number]["request"]["url"].partition("/controller/v1/")[2]


def described(number: str, status: int) -> Any:
    """The schema of this answer, None for those that the document does not mention."""
    spec = document()
    method = RECORDINGS[number]["request"]["method"].lower()
    response = spec["paths"].get(path_of(number), {}).get(method, {}).get("responses", {}).get(status)
    if response is None:
        return None
    if "$ref" in response:
        response = spec["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return response["content"]["application/json"]["schema"]


PLAYED = sorted(set(RECORDINGS) - NOT_PLAYED)


def test_the_recordings_are_there(shared: Path) -> None:
    assert len(RECORDINGS) > 75


@pytest.mark.parametrize("number", PLAYED)
def test_the_answer_is_the_recorded_one(answers: dict[str, httpx.Response], number: str) -> None:
    assert essence(answers[number]) == recorded(number)


@pytest.mark.parametrize("number", PLAYED)
def test_the_answer_is_of_the_recorded_kind(answers: dict[str, httpx.Response], number: str) -> None:
    headers = RECORDINGS[number]["response"]["headers"]
    answer = answers[number].headers
    assert answer["content-type"].split(";")[0] == headers["Content-Type"].split(";")[0]
    if "Location" in headers:
        assert answer["location"] == f"/rap{headers['Location']}"


@pytest.mark.parametrize("number", PLAYED)
def test_the_answer_keeps_to_the_published_schema(answers: dict[str, httpx.Response], number: str) -> None:
    answer = answers[number]
    if (schema := described(number, answer.status_code)) is None:
        assert answer.status_code in {301, 404, 405}, "the document leaves out only these"
        return
    whole = {**schema, "components": document()["components"]}
    jsonschema.validate(answer.json(), plain(whole))


@pytest.mark.parametrize("number", ["052", "068", "094", "079"])
def test_a_request_that_the_real_one_took_keeps_to_the_schema_too(number: str) -> None:
    body = json.loads(RECORDINGS[number]["request"]["body"])
    schema = document()["paths"][path_of(number)]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    jsonschema.validate(body, plain({**schema, "components": document()["components"]}))
