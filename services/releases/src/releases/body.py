"""Reading request bodies: JSON or a form, as the reference does."""

from typing import Any
from urllib.parse import parse_qsl

import orjson
from fastapi import Request

LIMIT = 4 * 1024 * 1024
_DEPTH = 64


class Unreadable(Exception):
    """`detail` in the reference's words."""


async def read(request: Request, limit: int = LIMIT) -> dict[str, Any]:
    """Raises Unreadable, also for what PostgreSQL could not keep. A form's last value wins."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise Unreadable("The request body is too large.")
        chunks.append(chunk)
    raw = b"".join(chunks)
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        body = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError as exc:
        raise Unreadable(f"JSON parse error - {exc}") from exc
    if not isinstance(body, dict):
        raise Unreadable("Invalid data. Expected a dictionary.")
    _check(body)
    return body


def _check(value: Any, depth: int = 0) -> None:
    if depth > _DEPTH:
        raise Unreadable("JSON parse error - nested too deeply")
    if isinstance(value, str) and "\0" in value:
        raise Unreadable("JSON parse error - a text has NUL characters")
    if isinstance(value, dict):
        for key, item in value.items():
            _check(key, depth)
            _check(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)
