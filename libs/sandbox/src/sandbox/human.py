"""Pages for people: what was mailed, said on Slack, written into issues."""

import email
import email.policy
import json

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse, JSONResponse

from sandbox.pages import page
from sandbox.store import Store

LINKS = [
    ("/mailbox", "Mailbox"),
    ("/github/issues", "GitHub issues"),
    ("/slack", "Slack messages"),
    ("/rap", "Jobs of the RAP controller"),
]


def router(store: Store) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def index() -> Response:
        return HTMLResponse(page("Sandbox", "index.html", links=LINKS))

    @routes.get("/health/ready")
    @routes.get("/health/live")
    async def health() -> Response:
        return JSONResponse({"store": "ok"})

    @routes.get("/mailbox")
    async def mailbox() -> Response:
        mails = store.all("select * from mails order by id desc limit 200")
        rows = [
            {"url": f"/mailbox/{m['id']}", "cells": [m["subject"], m["recipient"], m["at"]]} for m in mails
        ]
        return HTMLResponse(page("Mailbox", "list.html", heads=["Subject", "To", "When"], rows=rows))

    @routes.get("/mailbox/api/messages")
    async def messages(to: str = "") -> Response:
        """Each with subject, recipient, text and Message-ID; the newest last."""
        rows = store.all("select * from mails where recipient like ? order by id", f"%{to}%")
        return JSONResponse(
            [
                {
                    **{k: r[k] for k in ("id", "message_id", "recipient", "subject", "at")},
                    "text": _parts(r["raw"])[0],
                }
                for r in rows
            ]
        )

    @routes.get("/mailbox/{mail_id}")
    async def mail(mail_id: int) -> Response:
        row = store.one("select * from mails where id = ?", mail_id)
        if row is None:
            return HTMLResponse(page("No such mail", "list.html", heads=[], rows=[]), 404)
        text, html = _parts(row["raw"])
        return HTMLResponse(page(row["subject"], "mail.html", mail=row, text=text, html=html))

    @routes.get("/slack")
    async def slack() -> Response:
        rows = store.all("select * from slack order by id desc limit 200")
        cells = [{"url": "", "cells": [f"#{r['channel']}", r["text"], r["at"]]} for r in rows]
        return HTMLResponse(page("Slack", "list.html", heads=["Channel", "Message", "When"], rows=cells))

    @routes.get("/github/issues")
    async def issues() -> Response:
        found = store.all("select * from issues order by id desc limit 200")
        rows = [
            {
                "url": f"/github/issues/{r['id']}",
                "cells": [r["title"], f"{r['owner']}/{r['name']}", r["state"]],
            }
            for r in found
        ]
        return HTMLResponse(page("Issues", "list.html", heads=["Title", "Repository", "State"], rows=rows))

    @routes.get("/github/issues/{issue_id}")
    async def issue(issue_id: int) -> Response:
        row = store.one("select * from issues where id = ?", issue_id)
        if row is None:
            return HTMLResponse(page("No such issue", "list.html", heads=[], rows=[]), 404)
        comments = store.all("select * from comments where issue_id = ? order by id", issue_id)
        labels = json.loads(row["labels"])
        return HTMLResponse(page(row["title"], "issue.html", issue=row, labels=labels, comments=comments))

    @routes.get("/rap")
    async def rap() -> Response:
        found = store.all("select * from jobs order by n desc limit 200")
        heads = ["Action", "Workspace", "Status", "Code", "Message"]
        rows = [
            {"url": "", "cells": [r["action"], r["workspace"], r["status"], r["code"], r["message"]]}
            for r in found
        ]
        return HTMLResponse(page("Jobs", "list.html", heads=heads, rows=rows))

    return routes


def _parts(raw: bytes) -> tuple[str, str]:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return (text.get_content() if text else "", html.get_content() if html else "")
