"""What surrounds every request of a service, seen from outside and in the log of its process."""

import asyncio
from urllib.parse import urlsplit

import httpx
import pytest
from kit.identity import HEADER
from prometheus_client.parser import text_string_to_metric_families
from testkit.world import World, person

from .conftest import Program

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_a_callers_harmless_request_id_goes_through_everything(
    asking: httpx.AsyncClient, program: Program
) -> None:
    answer = await asking.get("/fine", headers={"X-Request-ID": "Form-42_a.b:c", "traceparent": TRACE})
    assert answer.headers["x-request-id"] == "Form-42_a.b:c"
    assert answer.json()["travels"] == {"X-Request-ID": "Form-42_a.b:c", "traceparent": TRACE}
    line = await program.line(request_id="Form-42_a.b:c")
    assert (line["event"], line["level"], line["process"]) == ("request", "info", "service")
    assert (line["method"], line["path"], line["status"]) == ("GET", "/fine", 200)
    assert line["trace_id"] == TRACE.split("-")[1]
    assert line["ms"] >= 0


async def test_an_odd_request_id_is_replaced_by_one_of_ours(asking: httpx.AsyncClient) -> None:
    odd = [b"", b"x" * 65, b"a b", b"\xe9", b"a\tb", b"<script>", b'a"b', b"%0d%0a"]
    answers = [await asking.get("/fine", headers=[(b"x-request-id", value)]) for value in odd]
    given = [answer.headers["x-request-id"] for answer in answers]
    assert all(len(value) == 36 for value in given)
    assert len(set(given)) == len(odd)
    assert [answer.json()["travels"]["X-Request-ID"] for answer in answers] == given


async def test_a_trace_begins_here_unless_the_caller_has_a_valid_one(asking: httpx.AsyncClient) -> None:
    odd = ["", "x", "a-b-c-d", TRACE.upper(), f"{TRACE}-more", TRACE[:-1], "é" + TRACE[1:], "0" * 5000]
    odd += ["00-" + "0" * 32 + "-00f067aa0ba902b7-01", TRACE.replace("00f067aa0ba902b7", "0" * 16)]
    for value in odd:
        answer = await asking.get("/fine", headers=[(b"traceparent", value.encode("latin-1"))])
        made = answer.json()["travels"]["traceparent"]
        assert made != value
        version, trace, span, flags = made.split("-")
        assert (version, len(trace), len(span), flags) == ("00", 32, 16, "01")


async def test_the_query_of_an_address_is_not_logged(asking: httpx.AsyncClient, program: Program) -> None:
    await asking.get("/fine?code=a-secret-code", headers={"X-Request-ID": "with-query"})
    await program.line(request_id="with-query", path="/fine")
    assert "a-secret-code" not in program.log.read_text()


async def test_questions_for_health_are_not_logged(asking: httpx.AsyncClient, program: Program) -> None:
    for path in ("/health/ready", "/health/live"):
        await asking.get(path, headers={"X-Request-ID": "how-are-you"})
    await asking.get("/fine", headers={"X-Request-ID": "after-health"})
    await program.line(request_id="after-health")
    assert not [line for line in program.lines() if line.get("request_id") == "how-are-you"]


async def test_an_unexpected_error_is_recorded_and_says_nothing_of_itself(
    asking: httpx.AsyncClient, program: Program
) -> None:
    answer = await asking.get("/broken", headers={"X-Request-ID": "it-broke"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank#error",
        "title": "Error",
        "status": 500,
        "detail": "Something went wrong on our side. It has been recorded.",
        "request_id": "it-broke",
    }
    line = await program.line(request_id="it-broke", level="error")
    assert (line["event"], line["path"]) == ("request failed", "/broken")
    assert "RuntimeError: what nobody outside may read" in line["exception"]
    assert (await program.line(request_id="it-broke", event="request"))["status"] == 500


async def test_an_answer_that_breaks_half_way_is_cut_and_recorded(
    asking: httpx.AsyncClient, program: Program
) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await asking.get("/cut", headers={"X-Request-ID": "it-was-cut"})
    line = await program.line(request_id="it-was-cut", level="error")
    assert "too late for a status" in line["exception"]


async def test_without_a_valid_statement_nothing_is_answered_not_even_whether_it_exists(
    program: Program, world: World
) -> None:
    forged = world.signer("jobs").sign(kind="session", user=person(1, "ada"))
    async with httpx.AsyncClient(base_url=program.url) as client:
        for headers in ({}, {HEADER: ""}, {HEADER: "a.b.c"}, {HEADER: forged}):
            for path in ("/fine", "/broken", "/nothing", "/", "/health", "/healthy/x", "//health/ready"):
                answer = await client.get(path, headers={"X-Request-ID": "who"} | headers)
                assert answer.status_code == 401, path
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["x-request-id"] == answer.json()["request_id"] == "who"


async def test_health_metrics_and_the_description_are_open(program: Program) -> None:
    async with httpx.AsyncClient(base_url=program.url) as client:
        for path in ("/health/live", "/health/ready", "/metrics", "/openapi.json"):
            assert (await client.get(path)).status_code == 200, path


async def test_a_statement_says_who_is_asking(program: Program, world: World) -> None:
    said = world.signer().sign(kind="session", user=person(7, "ada"))
    async with httpx.AsyncClient(base_url=program.url) as client:
        found = (await client.get("/fine", headers={HEADER: said})).json()
        assert (found["kind"], found["user"]) == ("session", 7)
        found = (await client.get("/fine", headers={HEADER: world.signer("jobs").service()})).json()
        assert (found["kind"], found["user"]) == ("service", None)


async def counted(client: httpx.AsyncClient, status: str) -> float:
    families = text_string_to_metric_families((await client.get("/metrics")).text)
    return sum(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == "http_request_seconds_count"
        and sample.labels == {"method": "GET", "status": status}
    )


async def test_every_request_is_counted_by_its_status(asking: httpx.AsyncClient) -> None:
    before = await counted(asking, "404"), await counted(asking, "500")
    await asyncio.gather(asking.get("/nothing"), asking.get("/broken"), asking.get("/nothing"))
    assert (await counted(asking, "404"), await counted(asking, "500")) == (before[0] + 2, before[1] + 1)


async def test_what_is_no_http_ends_in_a_bad_request_that_is_logged_like_everything(program: Program) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(program.url).port)
    writer.write(b"\x16\x03\x01 hello\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()
    line = await program.line(event="Invalid HTTP request received.")
    assert (line["level"], line["process"], line["logger"]) == ("warning", "service", "uvicorn.error")
