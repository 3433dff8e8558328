"""A program with nothing of its own: what it does is what the kit gives to every service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, HTTPException, Query, Request
from fastapi.responses import StreamingResponse
from kit import app, errors, process, telemetry
from kit.app import CurrentActor, Service
from kit.db import Database
from kit.paging import PAGE, After, Before, Limit
from kit.settings import ServiceSettings
from pydantic import BaseModel
from sqlalchemy import text

router = APIRouter()


class Part(BaseModel):
    size: int


class Thing(BaseModel):
    name: str
    parts: list[Part] = []
    anything: Any = None


@router.get("/fine")
async def fine(actor: CurrentActor) -> dict[str, Any]:
    return {"kind": actor.statement.kind, "user": actor.user_id, "travels": telemetry.outgoing()}


@router.get("/broken")
async def broken() -> None:
    raise RuntimeError("what nobody outside may read")


async def _parts(then: Exception | None) -> AsyncIterator[bytes]:
    yield b"first "
    if then is not None:
        raise then
    await asyncio.sleep(0.5)
    yield b"last"


@router.get("/cut")
async def cut() -> StreamingResponse:
    return StreamingResponse(_parts(RuntimeError("too late for a status")))


@router.get("/slow")
async def slow() -> StreamingResponse:
    return StreamingResponse(_parts(None))


@router.post("/things")
async def things(thing: Thing) -> Thing:
    return thing


@router.get("/things/{number}")
async def by_number(number: int, colour: Annotated[list[int] | None, Query()] = None) -> int:
    return number


@router.get("/pages")
async def pages(before: Before = None, after: After = None, limit: Limit = PAGE) -> list[int | None]:
    return [before, after, limit]


@router.get("/refused/{status}")
async def refused(status: int) -> None:
    raise errors.BY_STATUS[status]("In a sentence.", more=[1, 2])


@router.get("/teapot")
async def teapot() -> None:
    raise HTTPException(418, "Short and stout", headers={"X-Tea": "green"})


@router.post("/sql/{way}")
async def sql(way: str, body: list[Any], request: Request) -> Any:
    """A statement and its values, by either of the two ways to the database."""
    database: Database = request.app.state.database
    statement, *values = body
    if way == "pool":
        return await database.fetchval(statement, *values)
    async with database.sessions() as session:
        return (await session.execute(text(statement), {"x": values[0]} if values else {})).scalar()


def create(settings: ServiceSettings | None = None) -> Service:
    settings = settings or ServiceSettings()
    database = Database(settings.database_url)

    @asynccontextmanager
    async def lifespan(fastapi: FastAPI) -> AsyncIterator[None]:
        async with database.lifespan():
            fastapi.state.database = database
            yield

    return app.create("probe", settings, [router], {"sql": database.ping}, lifespan, max_body_size=4000)


async def work(stop: asyncio.Event) -> None:
    """A worker that has what it needs."""

    async def fine() -> None:
        return

    process.worker_checks["self"] = fine
    await stop.wait()
