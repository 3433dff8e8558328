"""The stand-ins on a real socket, and the launchers' homes."""

import time
from collections.abc import AsyncIterator, Callable
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


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    """As it is found at the first start."""
    app = sandbox.app.create(tmp_path, smtp_port=0, token="rap-token")
    async with running(app) as url, httpx.AsyncClient(base_url=url, timeout=5) as http:
        yield Outside(http, app.state.smtp_port)


def a_mail(subject: str = "Hello", *, message_id: str | None = "<1@jobs.test>", **more: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "us@jobs.test", "rosa@example.org"
    if message_id:
        message["Message-ID"] = message_id
    message.set_content(more.get("text", "The text."))
    if html := more.get("html"):
        message.add_alternative(html, subtype="html")
    return message


def eventually(fact: Callable[[], Any], within: float = 10.0) -> Any:
    """What `fact` says, once it says something true."""
    deadline = time.monotonic() + within
    while not (found := fact()):
        assert time.monotonic() < deadline, f"not within {within:.0f} s"
        time.sleep(0.01)
    return found
