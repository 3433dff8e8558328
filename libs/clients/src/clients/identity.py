"""What may be asked of identity."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec
from contracts.statement import Claims

from clients.base import ServiceClient, query


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """`user` None: there is no such session, or it has ended."""

    user: Claims | None = None
    expires_at: datetime | None = None


class BackendCredential(msgspec.Struct, frozen=True, kw_only=True):
    """`backend` is the slug of the token's owner; `acting` the OS-User, when one of that name exists."""

    backend: str | None = None
    acting: Claims | None = None


class PersonalToken(msgspec.Struct, frozen=True, kw_only=True):
    """`known` False: no such user; `user` None: the token is not valid."""

    known: bool
    user: Claims | None = None


class LoginStarted(msgspec.Struct, frozen=True, kw_only=True):
    """`browser` goes into a cookie: only the browser that began may finish."""

    authorize_url: str
    browser: str


class LoginFinished(msgspec.Struct, frozen=True, kw_only=True):
    """Either `session` (the new cookie value) and `next`, or `partial` when GitHub knows no name."""

    session: str | None = None
    expires_at: datetime | None = None
    next: str = "/"
    partial: str | None = None


class User(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    username: str
    fullname: str
    github_login: str | None = None
    created_at: datetime | None = None


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    user_id: int
    username: str
    fullname: str
    roles: list[str]


class Session(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    created_at: datetime
    last_seen_at: datetime
    user_agent: str
    current: bool


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody sees of themself under settings. `token_refusal` says why no login token may be made."""

    username: str
    fullname: str
    version: int
    email: str | None
    token_refusal: str | None
    token_expires_at: datetime | None
    backends: list[str]  # their names
    sessions: list[Session]


class Org(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    slug: str
    name: str


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """For notifications only: addresses are in no event (I13)."""

    user_id: int
    username: str
    fullname: str
    email: str | None


class Identified(msgspec.Struct, frozen=True, kw_only=True):
    """Airlock's `authenticate`/`authorise`: `user`, or why not.

    `refusal`: unknown_user, not_github, no_backends, no_token, token_expired, token_wrong, throttled.
    """

    user: Claims | None = None
    refusal: str | None = None
    username: str | None = None  # the name of the account found, also when refused


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """Something a search found; `key` is what its URL is made of."""

    kind: str
    key: str
    title: str
    detail: str = ""


class IdentityClient(ServiceClient):
    # -- for the gateway only
    async def session(self, token: str) -> SessionInfo:
        return await self._post("/sessions/resolve", SessionInfo, {"token": token}, repeatable=True)

    async def backend(self, token: str, os_user: str | None) -> BackendCredential:
        body = {"token": token, "os_user": os_user}
        return await self._post("/backends/resolve", BackendCredential, body, repeatable=True)

    async def personal_token(self, username: str, token: str) -> PersonalToken:
        body = {"username": username, "token": token}
        return await self._post("/personal-tokens/resolve", PersonalToken, body, repeatable=True)

    async def start_login(self, next_path: str, redirect_uri: str) -> LoginStarted:
        return await self._post("/logins", LoginStarted, {"next": next_path, "redirect_uri": redirect_uri})

    async def finish_login(self, state: str, code: str, browser: str, user_agent: str) -> LoginFinished:
        """Raises Invalid for a wrong or used state and for what GitHub refuses, Conflict for a taken name."""
        body = {"state": state, "code": code, "browser": browser, "user_agent": user_agent}
        return await self._post("/logins/finish", LoginFinished, body, timeout=20)

    async def name_login(self, partial: str, name: str, browser: str, user_agent: str) -> LoginFinished:
        body = {"partial": partial, "name": name, "browser": browser, "user_agent": user_agent}
        return await self._post("/logins/name", LoginFinished, body)

    async def end_session(self, token: str) -> None:
        await self._http.post("/sessions/end", json={"token": token})

    # -- in the caller's own right
    async def account(self, session_token: str) -> Account:
        return await self._post("/account", Account, {"token": session_token})

    async def rename_me(self, fullname: str, version: int | None = None) -> None:
        """Raises Conflict when the account is no longer of that version and the name another."""
        await self._http.patch("/account", json={"fullname": fullname, "version": version})

    async def make_login_token(self) -> str:
        """Three words, shown once. Raises PermissionDenied for people who may not have one."""
        answer: dict[str, Any] = await self._post("/account/login-token", dict)
        return str(answer["token"])

    async def end_my_session(self, session_id: int) -> None:
        await self._http.delete(f"/account/sessions/{session_id}")

    async def user(self, username: str) -> User:
        return await self._get(f"/users/{quote(username, safe='')}", User)

    async def members(self, project_id: int) -> list[Membership]:
        return await self._get(f"/projects/{project_id}/members", list[Membership])

    async def orgs(self, ids: list[int]) -> list[Org]:
        return await self._get("/orgs", list[Org], query(ids=",".join(map(str, ids))))

    async def search(self, text: str) -> list[Hit]:
        return await self._get("/search", list[Hit], query(q=text))

    # -- for other services
    async def contacts(self, user_ids: list[int]) -> list[Contact]:
        return await self._post("/contacts", list[Contact], {"user_ids": user_ids})

    async def identify(self, user: str, token: str | None, backend: str | None = None) -> Identified:
        """With a token: authenticate (and consume it). Without: authorise (username only).

        `backend` is where the words were typed; too many wrong ones from there are refused too.
        """
        body = {"user": user, "token": token, "backend": backend}
        return await self._post("/identify", Identified, body, timeout=10)

    async def claims(self, user_id: int) -> Claims:
        """The present rights of somebody who is not the caller."""
        return await self._get(f"/users/{user_id}/claims", Claims)
