"""Issues, their labels and comments."""

import json
from typing import Any
from urllib.parse import unquote

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.faults import Faults
from sandbox.github.api import not_found
from sandbox.store import Store


def router(store: Store, faults: Faults) -> APIRouter:
    routes = APIRouter(prefix="/github/api", include_in_schema=False)

    def issue_row(owner: str, name: str, number: int) -> Any:
        return store.one(
            "select * from issues where owner = ? and name = ? and number = ?", owner, name, number
        )

    @routes.get("/repos/{owner}/{name}/labels")
    async def labels(owner: str, name: str) -> Response:
        if fault := await faults.strike("github_issues"):
            return fault
        rows = store.all("select label from labels where owner = ? and name = ?", owner, name)
        return JSONResponse([{"name": row["label"]} for row in rows])

    @routes.post("/repos/{owner}/{name}/issues")
    async def create(owner: str, name: str, request: Request) -> Response:
        if fault := await faults.strike("github_issues"):
            return fault
        body = await request.json()
        if not body.get("title"):
            return JSONResponse({"message": "Validation Failed"}, 422)
        last = store.one("select max(number) as n from issues where owner = ? and name = ?", owner, name)
        number = ((last["n"] if last else 0) or 0) + 1
        store.run(
            "insert into issues (owner, name, number, title, body, labels) values (?, ?, ?, ?, ?, ?)",
            owner,
            name,
            number,
            body["title"],
            body.get("body", ""),
            json.dumps(body.get("labels", [])),
        )
        if fault := await faults.strike("github_issues_after"):
            return fault
        return JSONResponse(_issue(issue_row(owner, name, number)), 201)

    @routes.get("/search/issues")
    async def search(q: str) -> Response:
        if fault := await faults.strike("github_search"):
            return fault
        words = unquote(q).split()
        text = " ".join(w for w in words if ":" not in w).strip('"')
        repo = next((w[5:] for w in words if w.startswith("repo:")), "")
        owner, _, name = repo.partition("/")
        rows = store.all(
            "select * from issues where owner = ? and name = ? and title like ? order by id desc limit 100",
            owner,
            name,
            f"%{text}%",
        )
        return JSONResponse({"total_count": len(rows), "items": [_issue(row) for row in rows]})

    @routes.api_route("/repos/{owner}/{name}/issues/{number}", methods=["POST", "PATCH"])
    async def edit(owner: str, name: str, number: int, request: Request) -> Response:
        if fault := await faults.strike("github_labels"):
            return fault
        row, body = issue_row(owner, name, number), await request.json()
        if row is None:
            return not_found()
        labels = json.dumps(body["labels"]) if "labels" in body else row["labels"]
        state = body.get("state", row["state"])
        store.run("update issues set labels = ?, state = ? where id = ?", labels, state, row["id"])
        return JSONResponse(_issue(issue_row(owner, name, number)))

    @routes.get("/repos/{owner}/{name}/issues/{number}/labels")
    async def issue_labels(owner: str, name: str, number: int) -> Response:
        row = issue_row(owner, name, number)
        if row is None:
            return not_found()
        return JSONResponse([{"name": label} for label in json.loads(row["labels"])])

    @routes.api_route("/repos/{owner}/{name}/issues/{number}/comments", methods=["GET", "POST"])
    async def comments(owner: str, name: str, number: int, request: Request) -> Response:
        if fault := await faults.strike("github_issues"):
            return fault
        row = issue_row(owner, name, number)
        if row is None:
            return not_found()
        url = _issue(row)["html_url"]
        if request.method == "POST":
            body = (await request.json())["body"]
            made = store.run("insert into comments (issue_id, body) values (?, ?)", row["id"], body)
            if fault := await faults.strike("github_issues_after"):
                return fault
            return JSONResponse({"id": made, "body": body, "html_url": f"{url}#issuecomment-{made}"}, 201)
        rows = store.all("select * from comments where issue_id = ? order by id", row["id"])
        return JSONResponse(
            [{"id": r["id"], "body": r["body"], "html_url": f"{url}#issuecomment-{r['id']}"} for r in rows]
        )

    return routes


def _issue(row: Any) -> dict[str, Any]:
    return {
        "id": row["id"],
        "number": row["number"],
        "title": row["title"],
        "body": row["body"],
        "state": row["state"],
        "labels": [{"name": label} for label in json.loads(row["labels"])],
        "repository_url": f"https://api.github.com/repos/{row['owner']}/{row['name']}",
        "html_url": f"https://github.com/{row['owner']}/{row['name']}/issues/{row['number']}",
    }
