"""People, orgs and memberships as pages and other services ask for them."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from kit import telemetry
from kit.app import CurrentActor, as_json
from kit.errors import Invalid
from messaging.runtime import Begin, Data
from messaging.uow import Uow
from pydantic import BaseModel, Field

from identity import queries, repository
from identity.actions import login_tokens
from identity.api.deps import Now

router = APIRouter()


class ContactsIn(BaseModel):
    user_ids: list[int] = Field(max_length=1000)


class IdentifyIn(BaseModel):
    user: str = Field(max_length=300)
    token: str | None = Field(default=None, max_length=500)
    backend: str | None = Field(default=None, max_length=255)  # where the words were typed


@router.get("/users/{username}")
async def user(username: str, uow: Uow) -> Response:
    return as_json(await queries.user(uow.session, username))


@router.get("/users/{user_id}/claims")
async def claims(user_id: int, actor: CurrentActor, uow: Uow) -> Response:
    actor.check_service("projects", "jobs", "releases", "notifications")
    return as_json(await repository.person(uow.session, user_id))


@router.get("/projects/{project_id}/members")
async def members(project_id: int, data: Data) -> Response:
    return as_json(await queries.members(data, project_id))


@router.get("/orgs")
async def orgs(data: Data, ids: Annotated[str, Query(max_length=2000)] = "") -> Response:
    wanted = [part for part in ids.split(",") if part]
    if not all(part.isdecimal() for part in wanted):
        raise Invalid("An id is a number.")
    return as_json(await queries.orgs(data, [int(part) for part in wanted]))


@router.get("/search")
async def search(data: Data, q: Annotated[str, Query(min_length=1, max_length=100)]) -> Response:
    return as_json(await queries.search(data, q))


@router.post("/contacts")
async def contacts(body: ContactsIn, actor: CurrentActor, uow: Uow) -> Response:
    actor.check_service("notifications")
    return as_json(await queries.contacts(uow.session, body.user_ids))


@router.post("/identify")
async def identify(body: IdentifyIn, actor: CurrentActor, begin: Begin, data: Data, now: Now) -> Response:
    """Airlock's two questions, asked by releases for the backend that sent them."""
    actor.check_service("releases")
    if "\0" in body.user:
        raise Invalid("Names have no NUL.")
    if body.token is not None:
        found = await login_tokens.authenticate(
            begin, body.user, body.token, backend=body.backend, now=now, call=telemetry.call_id.get()
        )
        return as_json(found)
    return as_json(login_tokens.authorise(await queries.claims_by_name(data, body.user), body.user))
