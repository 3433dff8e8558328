"""The notifications service between a real identity service and the sandbox's mail, Slack and GitHub."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import identity.app
import identity.settings
import pytest
import sandbox.app
from clients.identity import IdentityClient
from contracts.identity import OrgState, UserState
from contracts.projects import ProjectState, WorkspaceState
from kit.db import Database
from messaging.replicas import write
from messaging.uow import Units
from notifications import consumers
from notifications.channels.email import EmailChannel
from notifications.channels.github import GitHubChannel
from notifications.channels.slack import SlackChannel
from notifications.dispatcher import Dispatcher
from notifications.settings import Settings
from testkit.world import World, running

ROSA, OTIS = 1, 2


class Outside:
    """What stands in the sandbox."""

    def __init__(self, url: str, smtp_port: int) -> None:
        self.url = url
        self.smtp_port = smtp_port
        self.client = httpx.AsyncClient(base_url=url)

    async def fault(self, endpoint: str, kind: str, times: int = 1) -> None:
        await self.client.post(f"/control/faults/{endpoint}", json={"kind": kind, "times": times})

    async def state(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = (await self.client.get("/control/state")).json()
        return found

    async def texts(self) -> list[str]:
        return [mail["text"] for mail in (await self.client.get("/mailbox/api/messages")).json()]


@pytest.fixture
async def outside(tmp_path: Any) -> AsyncIterator[Outside]:
    app = sandbox.app.create(tmp_path, smtp_port=0)
    async with running(app) as url:
        made = Outside(url, app.state.smtp_port)
        yield made
        await made.client.aclose()


@pytest.fixture(scope="session")
async def identity_url(world: World) -> AsyncIterator[str]:
    world.migrate("identity")
    settings = identity.settings.Settings(**world.settings("identity", token_keys={"k1": "secret"}))
    async with running(identity.app.create(settings)) as url:
        yield url


@pytest.fixture
async def units(world: World) -> AsyncIterator[Units]:
    """With two people, a project and its workspace known."""
    world.migrate("identity")
    world.migrate("notifications")
    await world.clean("identity")
    await world.clean("notifications")
    for name in ("rosa", "otis"):
        await world.rows(
            "identity",
            "insert into users (username, email, fullname) values ($1, $2, $3)",
            name,
            f"{name}@example.org",
            name.title(),
        )
    async with Database(world.url("notifications")).opened() as database:
        made = Units(database, "notifications", lambda: None)
        people = [
            UserState(id=n, version=1, username=u, fullname=u.title()) for n, u in ((1, "rosa"), (2, "otis"))
        ]
        project = ProjectState(id=1, version=1, slug="demo-project", name="Demo", org_ids=[1])
        workspace = WorkspaceState(
            id=1,
            version=1,
            name="demo-workspace",
            project_id=1,
            repo_url="https://github.com/o/r",
            branch="main",
        )
        async with made() as uow:
            await write(uow.session, consumers.USERS, people)
            await write(uow.session, consumers.ORGS, [OrgState(id=1, version=1, slug="bennett", name="B")])
            await write(uow.session, consumers.PROJECTS, [project])
            await write(uow.session, consumers.WORKSPACES, [workspace])
        yield made


@pytest.fixture
async def dispatcher(
    world: World, units: Units, outside: Outside, identity_url: str
) -> AsyncIterator[Dispatcher]:
    settings = Settings(
        **world.settings(
            "notifications",
            identity_url=identity_url,
            smtp_url=f"smtp://127.0.0.1:{outside.smtp_port}",
            slack_api_url=f"{outside.url}/slack/api/",
            slack_bot_token="sandbox",
            github_api_url=f"{outside.url}/github/api",
            jobserver_github_token="",
        )
    )
    client = world.client(identity_url, service="notifications")
    email, github = EmailChannel(settings), GitHubChannel(settings, units)
    yield Dispatcher(units, IdentityClient(client), email, SlackChannel(settings), github)
    await email.close()
    await github.close()
    await client.close()
