"""The sandbox's controller answers as the real one did, and as its published schema says (RAP1 to RAP42)."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from testkit.wire import SHARED

from .conftest import Answers
from .conversation import EXCHANGES, NOT_PLAYED, essence, told


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


def path_of(source: str, number: str) -> str:
    return "/" + EXCHANGES[source][number]["request"]["url"].partition("/controller/v1/")[2]


def described(source: str, number: str, status: int) -> Any:
    """The schema of this answer, None for those that the document does not mention."""
    spec = document()
    method = EXCHANGES[source][number]["request"]["method"].lower()
    response = spec["paths"].get(path_of(source, number), {}).get(method, {}).get("responses", {}).get(status)
    if response is None:
        return None
    if "$ref" in response:
        response = spec["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return response["content"]["application/json"]["schema"]


PLAYED = [(source, n) for source, found in EXCHANGES.items() for n in sorted(set(found) - NOT_PLAYED)]


def test_the_recordings_are_there(shared: Path) -> None:
    assert len(EXCHANGES["recorded"]) > 75


def test_a_clone_alone_has_exchanges_of_each_call() -> None:
    paths = {path_of("condensed", number) for number in EXCHANGES["condensed"]}
    assert paths >= {"/backend/status/", "/rap/create/", "/rap/status/", "/rap/cancel/"}


@pytest.mark.parametrize(("source", "number"), PLAYED)
def test_the_answer_is_the_one_that_was_given(answers: Answers, source: str, number: str) -> None:
    assert essence(answers[source, number]) == told(source, number)


@pytest.mark.parametrize(("source", "number"), PLAYED)
def test_the_answer_is_of_the_same_kind(answers: Answers, source: str, number: str) -> None:
    headers = EXCHANGES[source][number]["response"]["headers"]
    answer = answers[source, number].headers
    assert answer["content-type"].split(";")[0] == headers["Content-Type"].split(";")[0]
    if "Location" in headers:
        assert answer["location"] == f"/rap{headers['Location']}"


@pytest.mark.parametrize(("source", "number"), PLAYED)
def test_the_answer_keeps_to_the_published_schema(
    shared: Path, answers: Answers, source: str, number: str
) -> None:
    answer = answers[source, number]
    if (schema := described(source, number, answer.status_code)) is None:
        assert answer.status_code in {301, 404, 405}, "the document leaves out only these"
        return
    whole = {**schema, "components": document()["components"]}
    jsonschema.validate(answer.json(), plain(whole))


@pytest.mark.parametrize("source", EXCHANGES)
@pytest.mark.parametrize("number", ["052", "068", "094", "079"])
def test_a_request_that_the_real_one_took_keeps_to_the_schema_too(
    shared: Path, source: str, number: str
) -> None:
    body = json.loads(EXCHANGES[source][number]["request"]["body"])
    schema = document()["paths"][path_of(source, number)]["post"]["requestBody"]["content"][
        "application/json"
    ]["schema"]
    jsonschema.validate(body, plain({**schema, "components": document()["components"]}))
