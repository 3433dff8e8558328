"""Refusals leave a service as problem documents (RFC 9457)."""

import time
from typing import Any

import httpx
import pytest
from kit import errors
from kit.identity import HEADER
from testkit.world import World

JSON = {"content-type": "application/json"}
UNSTORABLE = "A number is too large, or a text has characters that cannot be kept."


def is_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    assert found["request_id"] == answer.headers["x-request-id"]
    return found


async def test_each_refusal_has_its_status_its_type_and_its_sentence(client: httpx.AsyncClient) -> None:
    for status, kind in errors.BY_STATUS.items():
        found = is_problem(await client.get(f"/refused/{status}"), status)
        assert found["type"] == f"about:blank#{kind.slug}"
        assert found["title"] == kind.slug.replace("-", " ").capitalize()
        assert (found["detail"], found["more"]) == ("In a sentence.", [1, 2])


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"{}", {"name"}),
        (b'{"name": 1}', {"name"}),
        (b'{"name": null}', {"name"}),
        (b'{"name": "x", "parts": [{"size": 1}, {"size": "big"}, {}]}', {"parts.1.size", "parts.2.size"}),
        (b'{"name": "x", "parts": {}}', {"parts"}),
        (b"[]", {"body"}),
        (b"null", {"body"}),
        (b"", {"body"}),
        (b"{", {"body"}),
    ],
)
async def test_what_is_wrong_with_a_body_stands_with_its_field(
    client: httpx.AsyncClient, body: bytes, fields: set[str]
) -> None:
    answer = await client.post("/things", content=body, headers=JSON)
    found = is_problem(answer, 400)
    assert found["type"] == "about:blank#invalid"
    assert set(found["fields"]) == fields
    assert all(isinstance(text, str) and text for texts in found["fields"].values() for text in texts)


async def test_a_body_that_cannot_be_read_at_all_is_a_bad_request(client: httpx.AsyncClient) -> None:
    for body in (b'{"name": "\xff"}', b"[" * 3000, b"\x00", b'{"name": "x"} more'):
        answer = await client.post("/things", content=body, headers=JSON)
        is_problem(answer, 400)


async def test_what_is_wrong_with_an_address_stands_with_its_part(client: httpx.AsyncClient) -> None:
    assert set(is_problem(await client.get("/things/x"), 400)["fields"]) == {"number"}
    found = is_problem(await client.get("/things/1?colour=2&colour=red"), 400)
    assert set(found["fields"]) == {"colour.1"}


async def test_pages_have_limits(client: httpx.AsyncClient) -> None:
    assert (await client.get("/pages")).json() == [None, None, 25]
    assert (await client.get("/pages?before=1&after=0&limit=500")).json() == [1, 0, 500]
    assert (await client.get(f"/pages?before={2**62}")).json() == [2**62, None, 25]
    for field, values in {
        "before": (0, -1, 2**62 + 1, "x", ""),
        "after": (-1, 2**62 + 1, "1.5"),
        "limit": (0, 501, "all"),
    }.items():
        for value in values:
            answer = await client.get("/pages", params={field: value})
            assert set(is_problem(answer, 400)["fields"]) == {field}, value


async def test_an_unknown_address_and_a_wrong_method_are_problems_too(client: httpx.AsyncClient) -> None:
    assert is_problem(await client.get("/nothing"), 404)["type"] == "about:blank#refused"
    wrong = await client.delete("/things")
    is_problem(wrong, 405)
    assert wrong.headers["allow"] == "POST"


async def test_the_headers_of_a_refusal_are_kept(client: httpx.AsyncClient) -> None:
    answer = await client.get("/teapot")
    assert is_problem(answer, 418)["detail"] == "Short and stout"
    assert answer.headers["x-tea"] == "green"


async def test_a_body_beyond_the_limit_is_too_large(client: httpx.AsyncClient) -> None:
    async def pieces() -> Any:
        for _ in range(100):
            yield b" " * 100

    assert (await client.post("/things", json={"name": "x" * 5000})).status_code == 413
    assert (await client.post("/things", content=pieces(), headers=JSON)).status_code == 413


ways = pytest.mark.parametrize("way", ["pool", "session"])


@ways
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", "a\x00b"),
        ("text", "\ud800"),
        ("integer", 2**31),
        ("bigint", 2**63),
        ("bigint", -(2**63) - 1),
        ("smallint", 40_000),
    ],
)
async def test_what_the_database_cannot_keep_is_a_bad_request(
    client: httpx.AsyncClient, way: str, kind: str, value: Any
) -> None:
    statement = f"select $1::{kind}" if way == "pool" else f"select cast(:x as {kind})"
    # httpx would refuse to send half a surrogate pair itself.
    body = f'["{statement}", {ascii_json(value)}]'.encode()
    found = is_problem(await client.post(f"/sql/{way}", content=body, headers=JSON), 400)
    assert (found["type"], found["detail"]) == ("about:blank#invalid", UNSTORABLE)


def ascii_json(value: Any) -> str:
    if isinstance(value, str):
        return '"' + "".join(f"\\u{ord(c):04x}" for c in value) + '"'
    return str(value)


@ways
async def test_a_number_that_grows_beyond_its_type_in_the_database_is_a_bad_request(
    client: httpx.AsyncClient, way: str
) -> None:
    is_problem(await client.post(f"/sql/{way}", json=["select 2147483647 + 1"]), 400)


async def test_values_that_a_statement_does_not_use_are_our_mistake_and_no_database_that_is_away(
    client: httpx.AsyncClient,
) -> None:
    is_problem(await client.post("/sql/pool", json=["select 1", "x"]), 500)


@ways
@pytest.mark.parametrize("statement", ["select 1/0", "select no_such_column", "select 'x'::int"])
async def test_any_other_fault_of_a_statement_is_ours(
    client: httpx.AsyncClient, way: str, statement: str
) -> None:
    found = is_problem(await client.post(f"/sql/{way}", json=[statement]), 500)
    assert found["detail"] == "Something went wrong on our side. It has been recorded."


async def test_a_refusal_repeats_nothing_of_what_was_sent(url: str, world: World) -> None:
    headers = {HEADER: world.signer().sign(kind="anonymous")}
    async with httpx.AsyncClient(base_url=url, headers=headers) as client:
        answer = await client.post("/things", json={"name": {"password": "a-secret-word"}})
    is_problem(answer, 400)
    assert "a-secret-word" not in answer.text


async def test_a_read_that_takes_too_long_is_asked_to_be_less(client: httpx.AsyncClient) -> None:
    """No 503, after which a caller would try again, and no 4xx, since the question may well be right."""
    began = time.monotonic()
    found = is_problem(await client.post("/sql/pool", json=["select pg_sleep(20)"], timeout=15), 504)
    assert 2 < time.monotonic() - began < 10
    assert "takes too long" in found["detail"]


async def test_a_database_that_is_shutting_down_is_unavailable_and_no_fault_of_ours(
    client: httpx.AsyncClient,
) -> None:
    statement = "select pg_terminate_backend(pg_backend_pid())"
    assert (await client.post("/sql/session", json=[statement])).status_code == 503
