"""Reading request bodies: JSON or a form, as the reference does."""

from typing import Any
from urllib.parse import parse_qsl

import orjson
from fastapi import Request

LIMIT = 4 * 1024 * 1024


class Unreadable(Exception):
    """`detail` in the reference's words."""


async def read(request: Request) -> dict[str, Any]:
    """Raises Unreadable. A form's last value wins."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LIMIT:
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
    return body
