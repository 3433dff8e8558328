"""Readiness: every dependency is asked, and the answer says which failed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Check = Callable[[], Awaitable[None]]


def router(checks: Mapping[str, Check]) -> APIRouter:
    """/health/live, /health/ready (503 names what is down) and /metrics; no statement is needed for them."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/health/live")
    async def live() -> Response:
        return Response(b"ok", media_type="text/plain")

    @routes.get("/health/ready")
    async def ready() -> JSONResponse:
        results = await asyncio.gather(*(_ask(check) for check in checks.values()))
        answer = {name: error or "ok" for name, error in zip(checks, results, strict=True)}
        return JSONResponse(answer, status_code=503 if any(results) else 200)

    @routes.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return routes


async def _ask(check: Check) -> str | None:
    try:
        async with asyncio.timeout(2):
            await check()
    except Exception as exc:  # whatever it is, the answer is "not ready, because of this"
        return f"{type(exc).__name__}: {exc}"[:200]
    return None
