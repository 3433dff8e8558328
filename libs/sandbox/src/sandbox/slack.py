"""Slack's chat.postMessage."""

import json
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.faults import Faults
from sandbox.store import Store


def router(store: Store, faults: Faults) -> APIRouter:
    routes = APIRouter(prefix="/slack/api", include_in_schema=False)

    @routes.post("/auth.test")
    async def auth() -> Response:
        return JSONResponse({"ok": True, "team": "Sandbox", "user": "jobserver"})

    @routes.post("/chat.postMessage")
    async def post(request: Request) -> Response:
        if fault := await faults.strike("slack"):
            return fault
        raw = await request.body()
        is_json = "json" in request.headers.get("content-type", "")
        body = json.loads(raw) if is_json else dict(parse_qsl(raw.decode()))
        if not request.headers.get("authorization", "").removeprefix("Bearer").strip():
            return JSONResponse({"ok": False, "error": "not_authed"})
        for name, error in (("channel", "channel_not_found"), ("text", "no_text")):
            if not body.get(name):
                return JSONResponse({"ok": False, "error": error})
        metadata = body.get("metadata") or {}
        metadata = json.loads(metadata) if isinstance(metadata, str) else metadata
        now = datetime.now(UTC)
        store.run(
            "insert into slack (channel, text, at, key) values (?, ?, ?, ?) on conflict (key) do nothing",
            str(body["channel"]).lstrip("#"),
            body["text"],
            now.isoformat(timespec="seconds"),
            (metadata.get("event_payload") or {}).get("key"),
        )
        if fault := await faults.strike("slack_after"):
            return fault
        return JSONResponse({"ok": True, "channel": body["channel"], "ts": f"{now.timestamp():.6f}"})

    return routes
