"""Cookies and tokens into people, for the gateway only."""

from fastapi import APIRouter, Response
from kit.app import CurrentActor, as_json
from messaging.uow import Uow
from pydantic import BaseModel, Field

from identity import policies, queries
from identity.actions import sessions
from identity.api.deps import Hasher, Now

router = APIRouter()


class TokenIn(BaseModel):
    token: str = Field(max_length=500)


class BackendIn(BaseModel):
    token: str = Field(max_length=500)
    os_user: str | None = Field(default=None, max_length=300)


class PersonalIn(BaseModel):
    username: str = Field(max_length=300)
    token: str = Field(max_length=500)


@router.post("/sessions/resolve")
async def session(body: TokenIn, actor: CurrentActor, uow: Uow, hasher: Hasher, now: Now) -> Response:
    policies.check_gateway(actor)
    return as_json(await sessions.resolve(uow, hasher, body.token, now=now))


@router.post("/sessions/end", status_code=204)
async def end(body: TokenIn, actor: CurrentActor, uow: Uow, hasher: Hasher) -> None:
    policies.check_gateway(actor)
    await sessions.end(uow, hasher, body.token)


@router.post("/backends/resolve")
async def backend(body: BackendIn, actor: CurrentActor, uow: Uow, hasher: Hasher) -> Response:
    policies.check_gateway(actor)
    return as_json(await queries.backend_credential(uow.session, hasher.candidates(body.token), body.os_user))


@router.post("/personal-tokens/resolve")
async def personal(body: PersonalIn, actor: CurrentActor, uow: Uow, hasher: Hasher, now: Now) -> Response:
    policies.check_gateway(actor)
    hashes = hasher.candidates(body.token)
    return as_json(await queries.personal_token(uow.session, body.username, hashes, now))
