"""One's own account."""

from fastapi import APIRouter, Response
from kit.app import CurrentActor, as_json
from messaging.runtime import Begin
from messaging.uow import Uow
from pydantic import BaseModel, Field

from identity import policies, queries
from identity.actions import login_tokens, sessions, users
from identity.api.deps import Hasher, Now

router = APIRouter(prefix="/account")


class ShowIn(BaseModel):
    token: str = Field(default="", max_length=500)  # the session's own, to mark it in the list


class RenameIn(BaseModel):
    fullname: str = Field(max_length=1000)
    version: int | None = None  # of the account as it was shown


@router.post("")
async def account(body: ShowIn, actor: CurrentActor, uow: Uow, hasher: Hasher, now: Now) -> Response:
    user = policies.check_person(actor)
    return as_json(await queries.account(uow.session, user.user_id, hasher.candidates(body.token), now))


@router.patch("", status_code=204)
async def rename(body: RenameIn, actor: CurrentActor, uow: Uow, now: Now) -> None:
    user = policies.check_person(actor)
    await users.rename(uow, user.user_id, body.fullname, by=user.username, now=now, version=body.version)


@router.post("/login-token")
async def login_token(actor: CurrentActor, begin: Begin, now: Now) -> Response:
    user = policies.check_person(actor)
    return as_json({"token": await login_tokens.issue(begin, user.user_id, by=user.username, now=now)})


@router.delete("/sessions/{session_id}", status_code=204)
async def end_session(session_id: int, actor: CurrentActor, uow: Uow) -> None:
    user = policies.check_person(actor)
    await sessions.end_mine(uow, user.user_id, session_id)
