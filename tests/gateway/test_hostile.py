"""Input that no browser sends: a 4xx, whatever it is, and at once where it has no end."""

import asyncio
import time
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit import protocol

RAW = st.binary(max_size=40).map(
    lambda data: bytes(b for b in data if b not in b"\r\n\0 ")  # what ends a line is another request
)
PATHS = [
    "/demo-project/demo-workspace/",
    "/job-requests/1/",
    "/users/x/",
    "/event-log/",
    "/api/v2/releases/x",
]
LIMITS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def base(site: httpx.AsyncClient) -> str:
    return str(site.base_url)


async def answer_to(url: str, raw: bytes, *, wait: float = 10) -> bytes:
    """What comes back until the connection ends."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(raw)
        await writer.drain()
        return await asyncio.wait_for(reader.read(), wait)
    except (ConnectionError, BrokenPipeError):
        return b""
    finally:
        writer.close()


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else 0


def request(target: bytes, *headers: bytes, method: bytes = b"GET", body: bytes = b"") -> bytes:
    lines = [b"%b %b HTTP/1.1" % (method, target), b"Host: x", b"Connection: close", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@LIMITS
@given(data=RAW, where=st.sampled_from(["segment", "query", "header", "cookie", "field", "csrf"]))
async def test_any_bytes_anywhere_are_never_a_5xx(base: str, data: bytes, where: str) -> None:
    for path in PATHS:
        target, headers, method, body = path.encode(), [], b"GET", b""
        match where:
            case "segment":
                target = b"/" + data.replace(b"?", b"").replace(b"#", b"") + target
            case "query":
                target += b"?q=" + data.replace(b"#", b"") + b"&backend=" + data.replace(b"#", b"")
            case "header":
                headers = [b"Accept: " + data, b"Origin: " + data, b"x-request-id: " + data]
                headers.append(b"Authorization: " + data)
            case "cookie":
                headers = [b"Cookie: flash=" + data + b"; session_80=" + data]
            case "field":
                method, body = b"POST", b"a=" + data + b"&csrf=" + data
            case "csrf":
                method, body = b"POST", b"csrf=" + data
                headers = [b"Cookie: session_80=rosa-session", b"X-CSRFToken: " + data]
        if method == b"POST":
            headers += [b"Content-Type: application/x-www-form-urlencoded", b"Content-Length: %d" % len(body)]
        found = status(await answer_to(base, request(target, *headers, method=method, body=body)))
        assert found < 500 or (found == 503 and b"api" in target), (where, target, headers, body, found)


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
    """A program that sends its next call at the moment we close an idle connection would lose it."""
    answer = await site.post("/api/v2/releases/authorise", headers={"Authorization": "t"}, json={"user": "x"})
    assert answer.headers["connection"] == "close"
    assert "connection" not in (await site.get("/")).headers
