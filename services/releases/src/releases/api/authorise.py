"""Airlock's two questions about people (A12 to A24)."""

from clients.identity import Identified
from fastapi import APIRouter, Request, Response
from kit.app import CurrentActor, as_json
from kit.errors import Unavailable
from kit.identity import backend_refusal
from messaging.runtime import Data

from releases import body, drf, queries
from releases.api.deps import Identity

router = APIRouter(prefix="/api/v2/releases")

_USER, _TOKEN = 300, 500  # characters that identity reads
_WORDS = {
    "unknown_user": "User matching query does not exist.",
    "not_github": "User {} is not a github user",
    "no_backends": "User {} does not have access to any backends",
    "no_token": "No login token set for {}",
    "token_expired": "Token for {} has expired",
    "token_wrong": "Token for {} was invalid",
    "throttled": "Too many wrong tokens for {}. Please wait a quarter of an hour.",
}


@router.post("/authenticate")
async def authenticate(request: Request, actor: CurrentActor, data: Data, identity: Identity) -> Response:
    """A single-use token becomes a user record; it is consumed."""
    if refusal := backend_refusal(actor):
        return drf.detail(403, refusal)
    fields = drf.Fields()
    try:
        sent = await body.read(request)
    except body.Unreadable as exc:
        return drf.detail(400, str(exc))
    user, token = fields.text(sent, "user", _USER), fields.text(sent, "token", _TOKEN)
    if fields.faults:
        return drf.json(fields.faults, 400)
    return await _answer(data, await _identify(identity, user, token, actor.statement.backend))


@router.post("/authorise")
async def authorise(request: Request, actor: CurrentActor, data: Data, identity: Identity) -> Response:
    """The present rights of somebody who is logged in to Airlock; an unknown name is 404 here."""
    if refusal := backend_refusal(actor):
        return drf.detail(403, refusal)
    fields = drf.Fields()
    try:
        sent = await body.read(request)
    except body.Unreadable as exc:
        return drf.detail(400, str(exc))
    user = fields.text(sent, "user", _USER)
    if fields.faults:
        return drf.json(fields.faults, 400)
    found = await _identify(identity, user, None)
    if found.refusal == "unknown_user":
        return drf.no("User")
    return await _answer(data, found)


async def _identify(
    identity: Identity, user: str, token: str | None, backend: str | None = None
) -> Identified:
    try:
        return await identity.identify(user, token, backend)
    except Unavailable as exc:
        raise Unavailable("Who this is cannot be found out just now.") from exc


async def _answer(data: Data, found: Identified) -> Response:
    if found.user is None:
        return drf.detail(403, _WORDS[found.refusal or "unknown_user"].format(found.username))
    return as_json(await queries.user_record(data, found.user))
