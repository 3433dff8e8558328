"""The stand-ins on a real socket, and the launchers' homes."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from smtplib import SMTP
from typing import Any

import httpx
import pytest
import sandbox.app
from testkit.world import running


@dataclass
class Outside:
    """The sandbox as its callers see it."""

    http: httpx.AsyncClient
    smtp_port: int

    async def control(self, path: str, body: Any) -> None:
        (await self.http.post(f"/control/{path}", json=body)).raise_for_status()

    async def state(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = (await self.http.get("/control/state")).json()
        return found

    def send(self, message: EmailMessage) -> None:
        """Blocking: call it in a thread."""
        with SMTP("127.0.0.1", self.smtp_port, timeout=5) as mail:
            mail.send_message(message)


@pytest.fixture(scope="session")
async def everything(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Outside, Path]]:
    home = tmp_path_factory.mktemp("outside")
    app = sandbox.app.create(home, smtp_port=0, token="rap-token")
    async with running(app) as url, httpx.AsyncClient(base_url=url, timeout=5) as http:
        yield Outside(http, app.state.smtp_port), home / "sandbox.sqlite3"


@pytest.fixture
def outside(everything: tuple[Outside, Path]) -> Outside:
    """Nothing was received yet, and nothing misbehaves."""
    found, file = everything
    with closing(sqlite3.connect(file)) as store:
        for table in ("issues", "comments", "slack", "mails", "raps", "jobs"):
            store.execute(f"delete from {table}")
        store.execute("delete from flags where key <> 'seeded'")
        store.commit()
    return found


def a_mail(subject: str = "Hello", *, message_id: str | None = "<1@jobs.test>", **more: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "us@jobs.test", "rosa@example.org"
    if message_id:
        message["Message-ID"] = message_id
    message.set_content(more.get("text", "The text."))
    if html := more.get("html"):
        message.add_alternative(html, subtype="html")
    return message


RAP_TOKEN = {"Authorization": "rap-token"}


def a_rap(sha: str) -> dict[str, Any]:
    """What asks the controller for one action of the demo study."""
    return {
        "backend": "tpp",
        "rap_id": "aaaaaaaaaaaaaaaa",
        "workspace": "w",
        "repo_url": "https://github.com/opensafely/demo-study",
        "branch": "main",
        "commit": sha,
        "database_name": "default",
        "requested_actions": ["generate_dataset_adults"],
        "codelists_ok": True,
        "force_run_dependencies": False,
        "created_by": "rosa",
        "project": "demo-project",
        "orgs": ["bennett"],
        "analysis_scope": {},
    }
