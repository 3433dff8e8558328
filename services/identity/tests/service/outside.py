"""What lies outside the service: its database, the sandbox's GitHub, the neighbour that owns projects."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from projects.cli import commands
from testkit.commands import run_command

CALLBACK = "http://jobs.test/complete/github/"


@dataclass
class GitHub:
    url: str
    home: Path

    def change(self, sql: str, *args: Any) -> None:
        """What its owner did to an account, behind everybody's back."""
        with closing(sqlite3.connect(self.home / "sandbox.sqlite3")) as store:
            store.execute(sql, args)
            store.commit()

    async def approve(self, authorize_url: str, login: str) -> dict[str, str]:
        """What GitHub sends the browser back with."""
        async with httpx.AsyncClient(verify=False) as browser:
            answer = await browser.get(authorize_url, params={"login": login} | _query(authorize_url))
        assert answer.status_code == 302, answer.text
        assert answer.headers["location"].startswith(CALLBACK)
        return _query(answer.headers["location"])


def _query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@dataclass
class Projects:
    url: str
    settings: dict[str, Any]

    async def make(self, slug: str) -> int:
        made = await run_command(commands, self.settings, "create_project", slug, "--json")
        assert made.code == 0, made.text
        return int(made.said["id"])
