"""Cookies and tokens into people, for the gateway only."""

from fastapi import APIRouter, Response
from kit.app import CurrentActor, as_json
from messaging.uow import Uow
from pydantic import BaseModel

from identity import policies, queries
from identity.actions import sessions
from identity.api.deps import Hasher, Now

router = APIRouter()


# A credential may be as long as a header: one that is longer than any of ours is wrong, and no worse.
class TokenIn(BaseModel):
    token: str


class BackendIn(BaseModel):
    token: str
    os_user: str | None = None


class PersonalIn(BaseModel):
    username: str
    token: str


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
