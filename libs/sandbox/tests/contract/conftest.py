"""A controller of the sandbox, with which the conversation is held."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import sandbox.app
from sandbox.rap import agent, api, create
from testkit.world import running

from .conversation import BACKENDS, BRANCHES, EXCHANGES, TOKENS, Clock, Play, hold


def plant(home: Path, exchanges: dict[str, Any]) -> None:
    """The study of the exchanges, at their commits."""
    branches = {branch: found for branch, found in BRANCHES.items() if found[0] in exchanges}
    bodies = {number: json.loads(exchanges[number]["request"]["body"]) for number, _ in branches.values()}
    owner, name = bodies["052"]["repo_url"].split("/")[-2:]
    with closing(sqlite3.connect(home / "sandbox.sqlite3")) as store:
        store.execute("insert into repos (owner, name) values (?, ?)", (owner, name))
        for branch, (number, files) in branches.items():
            store.execute(
                "insert into commits values (?, ?, ?, ?, 1, 'm', 'a', ?, ?)",
                (owner, name, bodies[number]["commit"], branch, "2026-11-23T16:00:00Z", json.dumps(files)),
            )
        store.commit()


@asynccontextmanager
async def controller(home: Path, source: str) -> AsyncIterator[dict[str, str]]:
    """One controller, reached with each of the tokens."""
    async with AsyncExitStack() as stack:
        urls = {}
        for token, backends in zip(TOKENS[source], BACKENDS, strict=True):
            app = sandbox.app.create(home, smtp_port=0, token=token, backends=backends.split())
            urls[token] = await stack.enter_async_context(running(app))
        plant(home, EXCHANGES[source])
        yield urls


Answers = dict[tuple[str, str], httpx.Response]  # by source and number


@pytest.fixture(scope="session")
async def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """What the sandbox answers to every request, in the recorded order of events."""
    found: Answers = {}
    for source in EXCHANGES:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(agent, "CAPACITY", 2)
            clock = Clock()
            for module in (agent, api, create):
                patch.setattr(module, "time", clock)
            async with (
                controller(tmp_path_factory.mktemp("controller"), source) as urls,
                httpx.AsyncClient() as http,
            ):
                play = Play(source, urls, http, clock)
                await hold(play)
                found |= {(source, number): answer for number, answer in play.answers.items()}
    return found
