"""RFC 9457 problem documents."""

from typing import Any

import asyncpg
import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from kit import telemetry
from kit.db import CONNECTION_LOST
from kit.errors import AppError, Invalid, TooSlow, Unavailable
from kit.logging import get

log = get()
_BEYOND = ("value out of", "surrogates not allowed")  # what asyncpg says before it asks PostgreSQL


def problem(status: int, slug: str, detail: str, extra: dict[str, Any] | None = None) -> Response:
    body = {
        **(extra or {}),
        "type": f"about:blank#{slug}",
        "title": slug.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
        "request_id": telemetry.request_id.get(),
    }
    return Response(orjson.dumps(body, default=str), status, media_type="application/problem+json")


def response(error: AppError) -> Response:
    return problem(error.status, error.slug, error.detail, error.extra)


def unexpected() -> Response:
    return problem(500, "error", "Something went wrong on our side. It has been recorded.")


def unstorable(exc: BaseException | None) -> Invalid | None:
    """PostgreSQL keeps no NUL in a text and no number beyond its type; both are the caller's mistake."""
    if isinstance(exc, DBAPIError):
        exc = exc.orig.__cause__ if exc.orig else None
    beyond = isinstance(exc, asyncpg.DataError) and any(words in str(exc) for words in _BEYOND)
    if beyond or isinstance(
        exc, (asyncpg.CharacterNotInRepertoireError, asyncpg.NumericValueOutOfRangeError)
    ):
        return Invalid("A number is too large, or a text has characters that cannot be kept.")
    return None


_AWAY = (
    *CONNECTION_LOST,
    asyncpg.CannotConnectNowError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    OSError,
    TimeoutError,
)


_OURS = "the server expects"  # other values than were given: asyncpg has the same class for both


def _is_away(exc: BaseException | None) -> bool:
    """Whether it is the database that does not answer, and not the question that is wrong."""
    if isinstance(exc, DBAPIError):
        return exc.connection_invalidated or _is_away(exc.orig.__cause__ if exc.orig else None)
    if isinstance(exc, asyncpg.InterfaceError) and _OURS in str(exc):
        return False
    return isinstance(exc, _AWAY)


def install(app: FastAPI) -> None:
    """Every refusal of a service leaves as a problem document."""

    @app.exception_handler(AppError)
    async def refused(_: Request, exc: AppError) -> Response:
        return response(exc)

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, exc: RequestValidationError) -> Response:
        fields: dict[str, list[str]] = {}
        for error in exc.errors():
            # Of a text that is no JSON the place is a number of characters.
            place = () if error["type"] == "json_invalid" else error["loc"][1:]
            name = ".".join(str(part) for part in place) or "body"
            fields.setdefault(name, []).append(str(error["msg"]))
        return problem(400, "invalid", "Some values are missing or wrong.", {"fields": fields})

    @app.exception_handler(DBAPIError)
    @app.exception_handler(asyncpg.PostgresError)
    @app.exception_handler(asyncpg.InterfaceError)
    @app.exception_handler(asyncpg.InternalClientError)
    @app.exception_handler(OSError)
    async def refused_by_database(_: Request, exc: Exception) -> Response:
        if refusal := unstorable(exc):
            return response(refusal)
        if isinstance(exc, asyncpg.QueryCanceledError):
            return response(TooSlow("That takes too long. Ask for less, with another filter."))
        if _is_away(exc):
            log.warning("the database does not answer", error=repr(exc))
            return response(Unavailable("The database does not answer just now."))
        raise exc

    @app.exception_handler(Exception)
    async def broken(_: Request, __: Exception) -> Response:
        return unexpected()

    @app.exception_handler(HTTPException)
    async def http(_: Request, exc: HTTPException) -> Response:
        answer = problem(exc.status_code, "refused", str(exc.detail))
        answer.headers.update(exc.headers or {})
        return answer
