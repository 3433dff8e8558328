"""Input that no browser sends: a 4xx, whatever it is, and at once where it has no end."""

import asyncio
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit import protocol
from testkit.raw import BYTES, PLACES, addresses, answer_to, hostile, request, status

LIMITS = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
URLS = Path(__file__).parents[3] / "tests" / "contract" / "urls.md"


@pytest.fixture
def base(site: httpx.AsyncClient) -> str:
    return str(site.base_url)


@LIMITS
@given(data=BYTES, where=st.sampled_from(PLACES), path=st.sampled_from(addresses(URLS)))
async def test_any_bytes_anywhere_are_never_a_5xx(base: str, data: bytes, where: str, path: str) -> None:
    sent = hostile(path, data, where, session=b"session_80=rosa-session")
    assert status(await answer_to(base, sent)) < 500, sent


@pytest.mark.parametrize("path", ["/./", "/%2e/", "/a/./", "/a/%2e%2e/b/", "/x/%2e/", "/%2e%2e/x/1/"])
async def test_dots_choose_no_other_path(base: str, path: str) -> None:
    assert status(await answer_to(base, request(path.encode()))) == 404


async def test_a_csrf_token_of_odd_bytes_is_a_wrong_one(rosa: httpx.AsyncClient) -> None:
    answer = await rosa.post(
        "/logout/",
        content=b"csrf=%E9%FF",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 400


async def test_a_head_without_end_is_431_and_closed_at_once(base: str) -> None:
    began = time.monotonic()
    many = b"".join(b"X-%d: %b\r\n" % (n, b"a" * 1_000) for n in range(200))
    assert status(await answer_to(base, b"GET / HTTP/1.1\r\nHost: x\r\n" + many)) == 431
    assert time.monotonic() - began < 2


async def test_a_large_body_in_the_first_packet_is_not_a_head(base: str) -> None:
    body = b"a=" + b"b" * 200_000
    headers = [b"Content-Type: application/x-www-form-urlencoded", b"Content-Length: %d" % len(body)]
    raw = request(b"/logout/", *headers, method=b"POST", body=body)
    assert status(await answer_to(base, raw)) in {302, 303, 400, 403}


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
async def test_a_chunked_body_ends_at_the_limit_while_it_arrives(base: str, kind: str) -> None:
    parts = urlsplit(base)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = [b"Content-Type: " + kind.encode(), b"Transfer-Encoding: chunked"]
    writer.write(request(b"/logout/", *head, method=b"POST"))
    if kind.startswith("multipart"):
        part = b'--b\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n'
        writer.write(b"%x\r\n%b\r\n" % (len(part), part))
    sent = 0
    try:
        while sent < 20_000_000 and not reader.at_eof() and not reader._buffer:  # type: ignore[attr-defined]
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            await writer.drain()
            sent += 65536
            await asyncio.sleep(0)
    except ConnectionError:
        pass
    answer = await asyncio.wait_for(reader.read(2000), 10)
    assert status(answer) == 413
    assert sent < 10_000_000, "it ended long before the body did"
    writer.close()


async def test_a_slow_head_and_a_paused_body_are_closed(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(protocol, "PAUSE_SECONDS", 0.3)
    kind = b"Content-Type: application/x-www-form-urlencoded"
    slow = request(b"/logout/", kind, b"Content-Length: 5", method=b"POST", body=b"a")
    for raw in (b"", b"GET / HT", slow):
        began = time.monotonic()
        assert status(await answer_to(base, raw)) in {0, 400}
        assert time.monotonic() - began < 3, raw


async def test_an_answer_has_one_request_id(site: httpx.AsyncClient) -> None:
    answer = await site.get("/api/v2/workspaces/x/statuses/", headers={"x-request-id": "mine"})
    assert answer.headers.get_list("x-request-id") == ["mine"]


async def test_a_backends_call_ends_its_connection(site: httpx.AsyncClient) -> None:
    """A program that sends its next call at the moment we close an idle connection would lose it.

    So there is none after what it would not send again: 600 calls in one session that keeps connections.
    """
    token = {"Authorization": "a-token"}
    calls = [("POST", "releases/authorise"), ("POST", "nowhere"), ("GET", "releases/release/x")]
    calls += [("POST", "airlock/events/"), ("GET", "workspaces/x/statuses/"), ("POST", "releases/release/x")]
    for number in range(600):
        method, path = calls[number % len(calls)]
        answer = await site.request(method, f"/api/v2/{path}", headers=token)
        assert answer.headers.get("connection") == ("close" if method == "POST" else None), path
    assert "connection" not in (await site.get("/")).headers
