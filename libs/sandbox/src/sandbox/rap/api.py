"""Its four calls, faithful to the recorded answers."""

import json
import time
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from sandbox.faults import Faults
from sandbox.rap.agent import settle
from sandbox.rap.create import Refusal, create_jobs
from sandbox.rap.schema import cancel_fault, create_fault, status_fault
from sandbox.store import Store

PREFIX = "/rap/controller/v1"


def timestamp(seconds: float | None, *, micro: bool = False) -> str | None:
    """Job times are whole seconds, flags have microseconds."""
    if seconds is None:
        return None
    form = "%Y-%m-%dT%H:%M:%S.%fZ" if micro else "%Y-%m-%dT%H:%M:%SZ"
    return datetime.fromtimestamp(seconds, UTC).strftime(form)


def error(status: int, name: str, details: str, **more: Any) -> JSONResponse:
    return JSONResponse({"error": name, "details": details, **more}, status)


class Controller:
    def __init__(self, store: Store, faults: Faults, token: str, backends: list[str]) -> None:
        self.store = store
        self.faults = faults
        self.token = token
        self.backends = backends

    def refusal(self, request: Request) -> Response | None:
        sent = request.headers.get("authorization", "")
        if not sent:
            return error(401, "Unauthorized", "No token provided")
        if sent != self.token:
            return error(401, "Unauthorized", "Invalid token")
        return None

    async def body(self, request: Request) -> Any:
        """None for what is not JSON."""
        try:
            return json.loads(await request.body())
        except ValueError:
            return None


_NOT_FOUND = """
<!doctype html>
<html lang="en">
<head>
  <title>Not Found</title>
</head>
<body>
  <h1>Not Found</h1><p>The requested resource was not found on this server.</p>
</body>
</html>
"""
_UNREADABLE = "could not parse JSON from request body"


def router(controller: Controller) -> APIRouter:
    routes = APIRouter(prefix=PREFIX, include_in_schema=False)
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]

    @routes.api_route("/backend/status/", methods=methods)
    async def backend_status(request: Request) -> Response:
        if request.method != "GET":
            return HTMLResponse("", 405)
        if refused := controller.refusal(request):
            return refused
        if fault := await controller.faults.strike("backend_status"):
            return fault
        told = [slug for slug in controller.backends if not controller.store.flag(f"hidden:{slug}", False)]
        return JSONResponse({"backends": [_backend(controller.store, slug) for slug in told]})

    @routes.api_route("/rap/create/", methods=methods)
    async def create(request: Request) -> Response:
        if request.method != "POST":
            return HTMLResponse("", 405)
        if refused := controller.refusal(request):
            return refused
        body = await controller.body(request)
        if body is None:
            return error(400, "Validation error", _UNREADABLE)
        if fault := create_fault(body):
            return error(400, "Validation error", f"Invalid request body received{fault}")
        if fault_response := await controller.faults.strike("create"):
            return fault_response
        answer = _create(controller, body)
        if controller.faults.take("race"):
            return error(400, "Error creating jobs", "Unknown error")
        if after := await controller.faults.strike("create_after"):
            return after
        return answer

    @routes.api_route("/rap/status/", methods=methods)
    async def status(request: Request) -> Response:
        if request.method != "POST":
            return HTMLResponse("", 405)
        if refused := controller.refusal(request):
            return refused
        body = await controller.body(request)
        if body is None:
            return error(400, "Validation error", _UNREADABLE)
        if fault := status_fault(body):
            return error(400, "Validation error", f"Invalid request body received{fault}")
        if fault_response := await controller.faults.strike("status"):
            return fault_response
        return JSONResponse(_status(controller, body["rap_ids"]))

    @routes.api_route("/rap/cancel/", methods=methods)
    async def cancel(request: Request) -> Response:
        if request.method != "POST":
            return HTMLResponse("", 405)
        if refused := controller.refusal(request):
            return refused
        body = await controller.body(request)
        if body is None:
            return error(400, "Validation error", _UNREADABLE)
        if fault := cancel_fault(body):
            return error(400, "Validation error", f"Invalid request body received{fault}")
        if fault_response := await controller.faults.strike("cancel"):
            return fault_response
        return _cancel(controller, body["rap_id"], body["actions"])

    for path in ("/backend/status", "/rap/create", "/rap/status", "/rap/cancel"):

        @routes.api_route(path, methods=methods)
        async def no_slash(request: Request) -> Response:
            headers = {"Location": f"{request.url.path}/"}
            return HTMLResponse("", 301, headers)

    @routes.api_route("/{path:path}", methods=methods)
    async def unknown(path: str) -> Response:
        return HTMLResponse(_NOT_FOUND, 404)

    return routes


def _backend(store: Store, slug: str) -> dict[str, Any]:
    paused = store.flag(f"paused:{slug}", {"status": "off", "since": None})
    database = store.flag(f"maintenance:{slug}", {"status": "off", "since": None, "type": None})
    return {
        "slug": slug,
        "last_seen": timestamp(store.flag(f"last_seen:{slug}", time.time()), micro=True),
        "paused": paused,
        "db_maintenance": database,
    }


def _create(controller: Controller, body: dict[str, Any]) -> Response:
    store, rap_id = controller.store, body["rap_id"]
    if body["backend"] not in controller.backends:
        return error(400, "Error creating jobs", "Unknown error")
    known = store.one("select * from raps where rap_id = ?", rap_id)
    if known is not None:
        same = (known["workspace"], known["repo_url"], known["sha"])
        if same != (body["workspace"], body["repo_url"], body["commit"]):
            details = f"Jobs already created for rap_id '{rap_id}' are inconsistent with request data"
            return error(400, "Inconsistent request data", details)
        count = len(store.all("select 1 from jobs where rap_id = ?", rap_id))
        details = f"Jobs already created for rap_id '{rap_id}'"
        return JSONResponse({"result": "No change", "details": details, "rap_id": rap_id, "count": count})
    try:
        count, nothing = create_jobs(store, body)
    except Refusal as exc:
        return error(400, "Error creating jobs", str(exc))
    if nothing is not None:
        return JSONResponse({"result": "Nothing to do", "details": nothing, "rap_id": rap_id, "count": 0})
    details = f"Jobs created for rap_id '{rap_id}'"
    return JSONResponse({"result": "Success", "details": details, "rap_id": rap_id, "count": count}, 201)


def _status(controller: Controller, rap_ids: list[str]) -> dict[str, Any]:
    settle(controller.store)
    wanted = list(dict.fromkeys(rap_ids))
    marks = ",".join("?" * len(wanted))
    allowed = ",".join("?" * len(controller.backends))
    rows = controller.store.all(
        f"select * from jobs where rap_id in ({marks}) and backend in ({allowed}) order by n",
        *wanted,
        *controller.backends,
    )
    seen = {row["rap_id"] for row in rows}
    return {
        "jobs": [_job(row) for row in rows],
        "unrecognised_rap_ids": [rap_id for rap_id in wanted if rap_id not in seen],
    }


def _job(row: Any) -> dict[str, Any]:
    finished = row["status"] in {"succeeded", "failed"} and row["started"] is not None
    measured = finished and row["code"] != "cancelled_by_user"
    metrics = {"cpu_mean": 87.5, "cpu_peak": 99.0, "mem_mb_mean": 512.0, "mem_mb_peak": 801.0}
    return {
        "identifier": row["identifier"],
        "rap_id": row["rap_id"],
        "backend": row["backend"],
        "action": row["action"],
        "run_command": row["run"],
        "status": row["status"],
        "status_code": row["code"],
        "status_message": row["message"],
        "created_at": timestamp(row["created"]),
        "updated_at": timestamp(row["updated"]),
        "started_at": timestamp(row["started"]),
        "completed_at": timestamp(row["completed"]),
        "trace_context": {"traceparent": f"00-{row['identifier'].encode().hex()[:32]}-0000000000000001-01"},
        "metrics": metrics if measured else {},
        "requires_db": bool(row["requires_db"]),
    }


def _cancel(controller: Controller, rap_id: str, actions: list[str]) -> Response:
    store = controller.store
    rows = store.all("select action, backend from jobs where rap_id = ?", rap_id)
    known = {row["action"] for row in rows if row["backend"] in controller.backends}
    if not known:
        return error(404, "jobs not found", f"No jobs found for rap_id {rap_id}", rap_id=rap_id)
    missing = sorted(set(actions) - known)
    if missing:
        details = f"Jobs matching requested cancelled actions could not be found: {','.join(missing)}"
        return error(404, "jobs not found", details, rap_id=rap_id, not_found=missing)
    now = time.time()
    sql = "update jobs set cancelled = 1, completed = ? where rap_id = ? and action = ?"
    store.many(sql, [(now, rap_id, action) for action in actions])
    count = len(actions)
    return JSONResponse({"result": "Success", "details": f"{count} actions cancelled", "count": count})
