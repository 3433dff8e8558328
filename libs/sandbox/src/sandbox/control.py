"""The sandbox's own small API, for tests and scripts."""

import json
import time
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from sandbox.faults import Faults
from sandbox.github.git import add_commit
from sandbox.store import Store


def _since() -> str:
    return datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def router(store: Store, faults: Faults) -> APIRouter:
    routes = APIRouter(prefix="/control")

    @routes.post("/actions/{action}")
    async def action(action: str, request: Request) -> JSONResponse:
        """`{"fail": true, "code": …, "message": …}` or `{"hang": true}`; `{}` makes it succeed again."""
        store.set_flag(f"action:{action}", await request.json())
        return JSONResponse({"ok": True})

    @routes.post("/faults/{endpoint}")
    async def fault(endpoint: str, request: Request) -> JSONResponse:
        """For create, create_after, status, cancel, backend_status, race, slack, smtp, github …"""
        faults.set(endpoint, await request.json())
        return JSONResponse({"ok": True})

    @routes.post("/speed")
    async def speed(request: Request) -> JSONResponse:
        store.set_flag("seconds_per_job", float((await request.json())["seconds_per_job"]))
        return JSONResponse({"ok": True})

    @routes.post("/backends/{slug}")
    async def backend(slug: str, request: Request) -> JSONResponse:
        """`{"paused": bool, "maintenance": bool, "last_seen": seconds since the epoch,
        "hidden": bool}`; a hidden one is not mentioned."""
        body = await request.json()
        if "paused" in body:
            status = "on" if body["paused"] else "off"
            store.set_flag(f"paused:{slug}", {"status": status, "since": _since()})
        if "maintenance" in body:
            on = bool(body["maintenance"])
            value = {"status": "on" if on else "off", "since": _since(), "type": "manual" if on else None}
            store.set_flag(f"maintenance:{slug}", value)
        if "hidden" in body:
            store.set_flag(f"hidden:{slug}", bool(body["hidden"]))
        if "last_seen" in body:
            store.set_flag(f"last_seen:{slug}", body["last_seen"])
        return JSONResponse({"ok": True})

    @routes.post("/repos/{owner}/{name}/commits")
    async def commit(owner: str, name: str, request: Request) -> JSONResponse:
        """`{"branch", "message", "files": {path: text}}`; the new sha."""
        body = await request.json()
        sha = add_commit(store, owner, name, body["files"], body["message"], body.get("branch", "main"))
        return JSONResponse({"sha": sha})

    @routes.get("/state")
    async def state() -> JSONResponse:
        """Everything that was received, for assertions."""
        tables = {
            "jobs": store.all("select * from jobs order by n"),
            "raps": store.all("select * from raps"),
            "issues": store.all("select * from issues order by id"),
            "comments": store.all("select * from comments order by id"),
            "slack": store.all("select * from slack order by id"),
            "mails": store.all("select id, message_id, recipient, subject, at from mails order by id"),
        }
        return JSONResponse({name: [_plain(dict(row)) for row in rows] for name, rows in tables.items()})

    @routes.delete("/mails")
    async def clear_mails() -> JSONResponse:
        store.run("delete from mails")
        return JSONResponse({"ok": True})

    return routes


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    for name in ("labels", "needs"):
        if isinstance(row.get(name), str):
            row[name] = json.loads(row[name])
    return row
