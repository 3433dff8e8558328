"""OpenCodelists' check: up to date unless told otherwise."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from sandbox.faults import Faults
from sandbox.store import Store


def router(store: Store, faults: Faults) -> APIRouter:
    routes = APIRouter(prefix="/opencodelists/api/v1", include_in_schema=False)

    @routes.post("/check/")
    async def check() -> Response:
        if fault := await faults.strike("opencodelists"):
            return fault
        stale = store.flag("action:__codelists__", {}).get("stale")
        return JSONResponse({"status": "error", "data": {}} if stale else {"status": "ok"})

    return routes
