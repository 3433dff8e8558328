"""Calls to a neighbour over real sockets: what travels, what is sent again, what an answer means."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from kit import telemetry
from kit.errors import NotFound, Unavailable
from kit.http import Client, Unreachable
from kit.identity import HEADER
from prometheus_client import REGISTRY

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CLOSE, SILENCE = b"", None


class Neighbour:
    """Answers with `answers` in their order, then with OK; `seen` is what it was sent."""

    def __init__(self) -> None:
        self.answers: list[bytes | None] = []
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                await self._request(reader)
                answer = self.answers.pop(0) if self.answers else OK
                if answer is SILENCE:
                    await reader.read()  # until the other side goes
                    return
                writer.write(answer)
                if not answer.startswith(b"HTTP/1.1 2") or b"cut" in answer:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.seen.append((first, headers, body))

    @property
    def requests(self) -> list[str]:
        return [first.removesuffix(" HTTP/1.1") for first, _, _ in self.seen]


@pytest.fixture
async def neighbour() -> Neighbour:
    return Neighbour()


@pytest.fixture
async def client(neighbour: Neighbour) -> AsyncIterator[Client]:
    async with await asyncio.start_server(neighbour.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = Client("neighbour", f"http://127.0.0.1:{port}/", lambda: "a.signed.statement", timeout=2)
        yield client
        await client.close()


async def test_a_get_on_a_connection_that_was_closed_is_sent_again(
    client: Client, neighbour: Neighbour
) -> None:
    neighbour.answers = [OK, CLOSE, OK]
    await client.get("/first")
    assert (await client.get("/second")).body == b"ok"
    assert neighbour.requests == ["GET /first", "GET /second", "GET /second"]
    assert neighbour.connections == 2


async def test_a_get_survives_all_its_kept_connections(client: Client, neighbour: Neighbour) -> None:
    """As after a restart of the neighbour."""
    await asyncio.gather(*(client.get(f"/{number}") for number in range(4)))
    kept = neighbour.connections
    assert kept > 1
    neighbour.answers = [CLOSE, CLOSE]
    assert (await client.get("/after")).body == b"ok"


async def test_a_get_that_is_never_answered_ends(client: Client, neighbour: Neighbour) -> None:
    neighbour.answers = [OK] + [CLOSE] * 200
    await client.get("/first")
    began = time.monotonic()
    with pytest.raises(Unreachable):
        await client.get("/second")
    assert time.monotonic() - began < 4
    with pytest.raises(Unreachable):
        await client.get("/third")
    assert time.monotonic() - began < 4, "who has been away for longer is asked once"


@pytest.mark.parametrize("path", ["/./x", "/a/../b", "/%2e%2e/b", "/a//b", "/a%2Fb", "/a%5cb", "/%2E/b?x"])
async def test_no_text_of_a_caller_chooses_another_path(
    client: Client, neighbour: Neighbour, path: str
) -> None:
    with pytest.raises(NotFound):
        await client.get(path)
    assert neighbour.requests == []


async def test_a_neighbour_that_restarts_is_asked_again(client: Client, neighbour: Neighbour) -> None:
    neighbour.answers = [CLOSE, CLOSE, CLOSE, OK]
    assert (await client.get("/things", params={"q": "a b&c"})).status == 200
    neighbour.answers = [CLOSE, OK]
    assert (await client.post("/resolve", json={}, repeatable=True)).status == 200


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_what_changes_something_is_sent_once(client: Client, neighbour: Neighbour, method: str) -> None:
    neighbour.answers = [OK, CLOSE]
    await client.get("/first")
    with pytest.raises(Unreachable, match="The neighbour service does not answer just now"):
        await client.request(method, "/things", json={"a": 1})
    assert neighbour.requests == ["GET /first", f"{method} /things"]


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
async def test_who_does_not_answer_in_time_is_unreachable_and_asked_once(
    client: Client, neighbour: Neighbour, method: str
) -> None:
    neighbour.answers = [SILENCE]
    started = time.monotonic()
    with pytest.raises(Unreachable) as refused:
        await client.request(method, "/slow", timeout=0.2)
    assert time.monotonic() - started < 1.5
    assert refused.value.status == 503
    assert neighbour.requests == [f"{method} /slow"]


async def test_after_a_late_answer_the_next_call_gets_its_own(client: Client, neighbour: Neighbour) -> None:
    neighbour.answers = [SILENCE, OK.replace(b"ok", b"me")]
    with pytest.raises(Unreachable):
        await client.get("/late", timeout=0.1)
    assert (await client.get("/mine")).body == b"me"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "", "not a url"])
async def test_an_address_where_nobody_is_is_unreachable(url: str) -> None:
    client = Client("lost", url, lambda: "statement", timeout=2)
    for call in (client.get, client.post, client.patch, client.delete):
        with pytest.raises(Unreachable):
            await call("/things")
    await client.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\ncut",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\ncut",
        b"cut HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: cut",
    ],
)
async def test_an_answer_that_is_cut_or_no_http_is_unreachable(
    client: Client, neighbour: Neighbour, answer: bytes
) -> None:
    neighbour.answers = [answer] * 4
    with pytest.raises(Unreachable):
        await client.post("/things")
    assert neighbour.requests == ["POST /things"]


async def test_identity_request_and_trace_travel_and_nothing_that_is_not_asked_for(
    client: Client, neighbour: Neighbour
) -> None:
    request_id, trace = telemetry.request_id.set("form-42"), telemetry.traceparent.set("00-a-b-01")
    try:
        await client.get("/things", params={"q": "a b&c", "page": 2})
    finally:
        telemetry.request_id.reset(request_id)
        telemetry.traceparent.reset(trace)
    [(first, headers, body)] = neighbour.seen
    assert first == "GET /things?q=a+b%26c&page=2 HTTP/1.1"
    assert headers[HEADER] == "a.signed.statement"
    assert (headers["x-request-id"], headers["traceparent"]) == ("form-42", "00-a-b-01")
    assert not {"user-agent", "accept-encoding", "content-type", "cookie"} & headers.keys()
    assert body == b""


async def test_outside_of_a_request_no_ids_are_sent(client: Client, neighbour: Neighbour) -> None:
    await client.get("/things")
    [(_, headers, _)] = neighbour.seen
    assert not {"x-request-id", "traceparent"} & headers.keys()


async def test_the_statement_is_asked_for_at_each_call(neighbour: Neighbour, client: Client) -> None:
    said = iter(["one", "two"])
    other = Client("neighbour", client._base, lambda: next(said))
    for _ in range(2):
        await other.get("/things")
    await other.close()
    assert [headers[HEADER] for _, headers, _ in neighbour.seen] == ["one", "two"]


@pytest.mark.parametrize(
    ("value", "sent"), [({"a": None}, b'{"a":null}'), ([], b"[]"), (0, b"0"), ("é", '"é"'.encode())]
)
async def test_a_value_is_sent_as_json(client: Client, neighbour: Neighbour, value: Any, sent: bytes) -> None:
    await client.post("/things", json=value)
    [(_, headers, body)] = neighbour.seen
    assert (headers["content-type"], body) == ("application/json", sent)


async def test_a_redirect_is_not_followed(client: Client, neighbour: Neighbour) -> None:
    neighbour.answers = [b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n"] * 2
    assert (await client.request("GET", "/things")).status == 302
    with pytest.raises(Unavailable) as refused:
        await client.get("/things")
    assert refused.value.extra == {"upstream_status": 302}
    assert neighbour.requests == ["GET /things"] * 2


async def test_calls_are_counted_by_how_they_ended(client: Client, neighbour: Neighbour) -> None:
    def count(outcome: str) -> float:
        labels = {"to": "neighbour", "outcome": outcome}
        return REGISTRY.get_sample_value("outgoing_call_seconds_count", labels) or 0

    before = count("200"), count("unreachable")
    await client.get("/things")
    neighbour.answers = [SILENCE]
    with pytest.raises(Unreachable):
        await client.post("/things", timeout=0.1)
    assert (count("200"), count("unreachable")) == (before[0] + 1, before[1] + 1)


async def test_a_client_that_was_never_used_can_be_closed() -> None:
    client = Client("neighbour", "http://127.0.0.1:1", lambda: "statement")
    assert await client.close() is None
