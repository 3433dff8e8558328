"""Logging in: the authorize page offers the demo users; `login=` in the query approves at once."""

import base64
import hashlib
import re
import secrets
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from sandbox.github.accounts import DEMO, account
from sandbox.pages import page
from sandbox.store import Store

_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}")


def router(store: Store) -> APIRouter:
    routes = APIRouter(prefix="/github/login/oauth", include_in_schema=False)

    @routes.get("/authorize")
    async def authorize(request: Request) -> Response:
        query = dict(request.query_params)
        redirect_uri = query.get("redirect_uri", "")
        if not redirect_uri.startswith(("http://", "https://")):
            return HTMLResponse(page("GitHub", "authorize.html", problem="redirect_uri is missing"), 400)
        login = query.pop("login", "").strip()
        if not login:
            hidden = sorted(query.items())
            return HTMLResponse(page("Log in with GitHub", "authorize.html", people=DEMO, hidden=hidden))
        if not _LOGIN.fullmatch(login):
            return HTMLResponse(page("GitHub", "authorize.html", problem="That is not a login."), 400)
        code = secrets.token_hex(10)
        account(store, login)
        store.run(
            "insert into oauth_codes values (?, ?, ?, ?)",
            code,
            login,
            query.get("code_challenge"),
            redirect_uri,
        )
        answer = urlencode({"code": code, "state": query.get("state", "")})
        join = "&" if "?" in redirect_uri else "?"
        return RedirectResponse(f"{redirect_uri}{join}{answer}", 302)

    @routes.post("/access_token")
    async def access_token(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        row = store.one("select * from oauth_codes where code = ?", form.get("code", ""))
        if row is None:
            return _answer(request, {"error": "bad_verification_code", "error_description": _BAD_CODE})
        if row["challenge"]:
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != row["challenge"]:
                return _answer(request, {"error": "bad_verification_code", "error_description": _BAD_CODE})
        store.run("delete from oauth_codes where code = ?", row["code"])
        token = f"gho_{secrets.token_hex(18)}"
        store.run("insert into oauth_tokens values (?, ?)", token, row["login"])
        return _answer(request, {"access_token": token, "token_type": "bearer", "scope": "user:email"})

    return routes


_BAD_CODE = "The code passed is incorrect or expired."


def _answer(request: Request, body: dict[str, str]) -> Response:
    if "json" in request.headers.get("accept", ""):
        return JSONResponse(body)
    return Response(urlencode(body), media_type="application/x-www-form-urlencoded")
