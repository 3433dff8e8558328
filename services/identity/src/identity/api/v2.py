"""GET /api/v2/users/<username>/ with a backend's token (I31, I32)."""

from typing import Any
from urllib.parse import quote

from contracts.roles import ROLES
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from kit.app import CurrentActor
from kit.identity import backend_refusal
from messaging.uow import Uow

from identity import queries

router = APIRouter(prefix="/api/v2")


_ELSE = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@router.api_route("/users/{username}", methods=["GET", "HEAD"], include_in_schema=False)
async def without_slash(username: str) -> Response:
    return Response(status_code=301, headers={"Location": f"/api/v2/users/{quote(username, safe='')}/"})


@router.api_route("/users/{username}/", methods=_ELSE, include_in_schema=False)
async def not_allowed(request: Request, actor: CurrentActor) -> Response:
    """The caller is asked for before the method."""
    if refusal := backend_refusal(actor):
        return JSONResponse({"detail": refusal}, 403)
    detail = f'Method "{request.method}" not allowed.'
    return JSONResponse({"detail": detail}, 405, {"Allow": "GET, HEAD, OPTIONS"})


@router.head("/users/{username}/", include_in_schema=False)
@router.get("/users/{username}/")
async def user(username: str, actor: CurrentActor, uow: Uow) -> Response:
    if refusal := backend_refusal(actor):
        return JSONResponse({"detail": refusal}, 403)
    found = None if "\0" in username else await queries.roles_of(uow.session, username)
    if found is None:
        return JSONResponse({"detail": "Not found."}, 404)
    everywhere, projects = found
    body: dict[str, Any] = {
        "permissions": {
            "global": permissions(everywhere),
            "projects": [{"slug": slug, "permissions": permissions(roles)} for slug, roles in projects],
        },
        "roles": {
            "global": sorted(everywhere),
            "projects": [{"slug": slug, "roles": sorted(roles)} for slug, roles in projects],
        },
    }
    return JSONResponse(body)


def permissions(roles: list[str]) -> list[str]:
    return sorted({p for role in roles if role in ROLES for p in ROLES[role].permissions})
