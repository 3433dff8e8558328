"""Ways in which the outside world can be told to misbehave, for the next N calls of an endpoint."""

import asyncio
from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse

from sandbox.store import Store


class DropConnection(Exception):
    """The connection ends without an answer."""


class Faults:
    """`{"kind": …, "times": N, "seconds": S}`; kinds: 500, 429, html, garbage, drop, hang, slow, refuse."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def set(self, endpoint: str, fault: dict[str, Any] | None) -> None:
        self._store.set_flag(f"fault:{endpoint}", fault)

    def take(self, endpoint: str) -> dict[str, Any] | None:
        """The fault for this call, counted down."""
        fault: dict[str, Any] | None = self._store.flag(f"fault:{endpoint}")
        if not fault or fault.get("times", 1) <= 0:
            return None
        self.set(endpoint, {**fault, "times": fault.get("times", 1) - 1})
        return fault

    async def strike(self, endpoint: str) -> Response | None:
        """What to answer instead, or None. Raises DropConnection."""
        fault = self.take(endpoint)
        if fault is None:
            return None
        kind = fault.get("kind")
        if kind in {"slow", "hang"}:
            await asyncio.sleep(float(fault.get("seconds", 30 if kind == "hang" else 2)))
            return None
        if kind == "500":
            return HTMLResponse("", 500)
        if kind == "429":
            return Response("", 429, headers={"Retry-After": str(fault.get("seconds", 30))})
        if kind == "html":
            return HTMLResponse("<!doctype html><title>502 Bad Gateway</title>", 502)
        if kind == "garbage":
            return Response(b'{"jobs": [{"iden', media_type="application/json")
        if kind == "refuse":
            body = b'{"error":"Unauthorized","details":"Invalid token"}'
            return Response(body, 401, media_type="application/json")
        raise DropConnection
