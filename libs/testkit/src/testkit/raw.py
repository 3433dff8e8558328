"""HTTP as no browser speaks it: any bytes, anywhere."""

import asyncio
import json
import re
from pathlib import Path
from urllib.parse import quote_from_bytes, urlsplit

from hypothesis import strategies as st

# What ends a line would be another request.
BYTES = st.binary(max_size=40).map(lambda data: bytes(b for b in data if b not in b"\r\n\0 "))
_FIELDS = (
    *("q", "backend", "page", "state", "since", "before", "after", "request", "first", "find", "next"),
    *("csrf", "fullname", "sha", "key", "requested_actions", "should_notify", "partial", "name"),
)
PLACES = ("segment", "coded", "query", "header", "credential", "cookie", "field", "csrf", "json", "name")


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


def addresses(urls: Path) -> list[str]:
    """Those of tests/contract/urls.md that are built; `{}` for what may be anything."""
    rows = re.findall(r"^\| \[x\] \| \w+ \| `([^`]+)`", urls.read_text(), re.MULTILINE)
    return sorted({re.sub(r"<[^>]+>", "{}", row) for row in rows})


def hostile(path: str, data: bytes, where: str, *, session: bytes, token: bytes = b"-") -> bytes:
    """A request for `path` of `addresses`, with `data` in one of PLACES.

    `session` is a cookie, `token` that of a backend.
    """
    coded = quote_from_bytes(data, safe="").encode()
    segment = data.translate(None, b"?#/") if where == "segment" else coded if where == "coded" else b"1"
    target = path.encode().replace(b"{}", segment or b"1")
    headers: list[bytes] = [b"Cookie: " + session]
    method, body = b"GET", b""
    match where:
        case "query":
            target += b"?" + b"&".join(b"%b=%b" % (name.encode(), coded) for name in _FIELDS)
        case "header":
            headers += [b"%b: %b" % (name, data) for name in (b"Accept", b"x-request-id", b"traceparent")]
            headers += [b"OS-User: " + data, b"Last-Event-ID: " + data]
        case "credential":
            headers.append(b"Authorization: " + data)
        case "cookie":
            headers = [b"Cookie: flash=" + data + b"; visits=" + data + b"; " + session + data]
        case "field":
            method = b"POST"
            body = b"&".join(b"%b=%b" % (name.encode(), coded) for name in _FIELDS)
        case "csrf":
            method, body = b"POST", b"csrf=" + data
            headers += [b"X-CSRFToken: " + data, b"Origin: " + data]
        case "json":
            value = data.decode("latin-1")
            sent = dict.fromkeys(("user", "token", "event_type", "workspace", "request", "files"), value)
            method, body = b"POST", json.dumps(sent).encode() if len(data) % 2 else b'{"user": "' + data
            headers = [b"Authorization: " + token, b"OS-User: otis", b"Content-Type: application/json"]
        case "name":
            method, body = b"POST", data
            headers = [b"Authorization: " + token, b"OS-User: " + data]
            headers.append(b'Content-Disposition: attachment; filename="' + data + b'"')
    if method == b"POST":
        if where in {"field", "csrf"}:
            headers.append(b"Content-Type: application/x-www-form-urlencoded")
        headers.append(b"Content-Length: %d" % len(body))
    return request(target, *headers, method=method, body=body)
