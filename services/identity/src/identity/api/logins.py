"""Logging in through GitHub, for the gateway only."""

from fastapi import APIRouter, Response
from kit.app import CurrentActor, as_json
from kit.errors import Invalid
from messaging.runtime import Begin
from messaging.uow import Uow
from pydantic import BaseModel, Field

from identity import policies
from identity.actions import logins
from identity.api.deps import GitHub, Hasher, Now
from identity.github import Profile

router = APIRouter(prefix="/logins")


class StartIn(BaseModel):
    # A path of this site: browsers read //, /\\ and / with control characters as another host.
    next: str = Field(max_length=2000, pattern=r"^/([^/\\\x00-\x1f\x7f][^\x00-\x1f\x7f]*)?$")
    redirect_uri: str = Field(max_length=500)


class FinishIn(BaseModel):
    state: str = Field(max_length=200)
    code: str = Field(max_length=500)
    browser: str = Field(max_length=200)
    user_agent: str = Field(default="", max_length=1000)


class NameIn(BaseModel):
    partial: str = Field(max_length=200)
    name: str = Field(max_length=200)
    browser: str = Field(max_length=200)
    user_agent: str = Field(default="", max_length=1000)


@router.post("")
async def start(
    body: StartIn, actor: CurrentActor, uow: Uow, github: GitHub, hasher: Hasher, now: Now
) -> Response:
    policies.check_gateway(actor)
    started = await logins.start(
        uow, github, hasher, next_path=body.next, redirect_uri=body.redirect_uri, now=now
    )
    return as_json(started)


@router.post("/finish")
async def finish(
    body: FinishIn, actor: CurrentActor, begin: Begin, github: GitHub, hasher: Hasher, now: Now
) -> Response:
    """GitHub is asked between two transactions, never inside one."""
    policies.check_gateway(actor)
    async with begin() as uow:
        login = await logins.claim(uow, hasher, state=body.state, browser=body.browser, now=now)
        login_id, verifier, redirect_uri = login.id, login.code_verifier, login.redirect_uri
    profile = await github.profile(body.code, verifier, redirect_uri)
    async with begin() as uow:
        done = await logins.finish(uow, hasher, login_id, profile, user_agent=body.user_agent, now=now)
    return as_json(done)


@router.post("/name")
async def name(body: NameIn, actor: CurrentActor, uow: Uow, hasher: Hasher, now: Now) -> Response:
    policies.check_gateway(actor)
    if not policies.tidy(body.name):
        raise Invalid("Enter your full name.", fields={"name": ["Enter your full name."]})
    login = await logins.claim(uow, hasher, state=body.partial, browser=body.browser, now=now)
    if login.profile is None:
        raise Invalid("This log-in has not come back from GitHub yet.")
    profile = Profile(**{**login.profile, "name": policies.tidy(body.name)})
    return as_json(await logins.finish(uow, hasher, login.id, profile, user_agent=body.user_agent, now=now))
