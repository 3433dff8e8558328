"""api.github.com: people, repositories, commits, files."""

import base64
import json
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.faults import Faults
from sandbox.github import git
from sandbox.github.accounts import account
from sandbox.store import Store

NOT_FOUND = {"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}


def not_found() -> JSONResponse:
    return JSONResponse(NOT_FOUND, 404)


def router(store: Store, faults: Faults) -> APIRouter:
    routes = APIRouter(prefix="/github/api", include_in_schema=False)

    def logged_in(request: Request) -> str | None:
        token = request.headers.get("authorization", "").partition(" ")[2]
        row = store.one("select login from oauth_tokens where token = ?", token)
        return row["login"] if row else None

    @routes.get("/user")
    async def user(request: Request) -> Response:
        login = logged_in(request)
        if login is None:
            return JSONResponse({"message": "Bad credentials"}, 401)
        return JSONResponse({**account(store, login), "email": None})

    @routes.get("/user/emails")
    async def emails(request: Request) -> Response:
        login = logged_in(request)
        if login is None:
            return JSONResponse({"message": "Bad credentials"}, 401)
        mine = {"email": account(store, login)["email"], "primary": True, "verified": True}
        other = {"email": f"{login}@users.noreply.example.org", "primary": False, "verified": True}
        return JSONResponse([other, mine])

    @routes.get("/users/{login}")
    async def by_login(login: str) -> Response:
        return JSONResponse(account(store, login))

    @routes.get("/orgs/{owner}/repos")
    async def repos(owner: str) -> Response:
        rows = store.all("select * from repos where owner = ? order by name", owner)
        return JSONResponse([_repo(row) for row in rows])

    @routes.get("/repos/{owner}/{name}")
    async def repo(owner: str, name: str) -> Response:
        row = store.one("select * from repos where owner = ? and name = ?", owner, name)
        return not_found() if row is None else JSONResponse(_repo(row))

    @routes.get("/repos/{owner}/{name}/branches")
    async def branches(owner: str, name: str) -> Response:
        rows = store.all("select distinct branch from commits where owner = ? and name = ?", owner, name)
        if not rows:
            return not_found()
        heads = [git.branch_head(store, owner, name, row["branch"]) for row in rows]
        return JSONResponse([{"name": h["branch"], "commit": {"sha": h["sha"]}} for h in heads])

    @routes.get("/repos/{owner}/{name}/branches/{branch:path}")
    async def branch(owner: str, name: str, branch: str) -> Response:
        if fault := await faults.strike("github"):
            return fault
        head = git.branch_head(store, owner, name, branch)
        return not_found() if head is None else JSONResponse({"name": branch, "commit": _commit(head)})

    @routes.get("/repos/{owner}/{name}/commits/{ref:path}")
    async def commit(owner: str, name: str, ref: str) -> Response:
        found = git.find(store, owner, name, ref)
        return not_found() if found is None else JSONResponse(_commit(found))

    @routes.get("/repos/{owner}/{name}/contents/{path:path}")
    async def contents(owner: str, name: str, path: str, request: Request, ref: str = "main") -> Response:
        if fault := await faults.strike("github"):
            return fault
        found = git.find(store, owner, name, ref)
        files: dict[str, str] = json.loads(found["files"]) if found else {}
        if path in files:
            if "raw" in request.headers.get("accept", ""):
                return Response(files[path], media_type="application/vnd.github.raw+json; charset=utf-8")
            content = base64.b64encode(files[path].encode()).decode()
            return JSONResponse({"type": "file", "path": path, "content": content, "encoding": "base64"})
        below = [p for p in files if p.startswith(f"{path.rstrip('/')}/")]
        return JSONResponse([{"type": "file", "path": p} for p in below]) if below else not_found()

    @routes.get("/repos/{owner}/{name}/compare/{spec:path}")
    async def compare(owner: str, name: str, spec: str) -> Response:
        base, _, head = spec.partition("...")
        older, newer = git.find(store, owner, name, base), git.find(store, owner, name, head)
        if older is None or newer is None:
            return not_found()
        before, after = json.loads(older["files"]), json.loads(newer["files"])
        changed = [p for p in sorted(before.keys() | after.keys()) if before.get(p) != after.get(p)]
        ahead = newer["n"] - older["n"]
        status = "identical" if older["sha"] == newer["sha"] else "ahead" if ahead > 0 else "behind"
        if older["branch"] != newer["branch"]:
            status = "diverged"
        return JSONResponse(
            {
                "status": status,
                "total_commits": max(0, ahead),
                "files": [{"filename": p} for p in changed],
            }
        )

    return routes


def _repo(row: Any) -> dict[str, Any]:
    full = f"{row['owner']}/{row['name']}"
    return {
        "name": row["name"],
        "full_name": full,
        "html_url": f"https://github.com/{full}",
        "private": False,
        "topics": json.loads(row["topics"]),
    }


def _commit(row: Any) -> dict[str, Any]:
    person = {"name": row["author"], "date": row["at"]}
    return {"sha": row["sha"], "commit": {"message": row["message"], "author": person, "committer": person}}
