"""The notifications service between a real identity service and the sandbox's mail, Slack and GitHub."""

import asyncio
import email
import email.policy
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import httpx
import identity.app
import identity.models
import identity.settings
import pytest
import sandbox.app
from clients.identity import IdentityClient
from contracts.identity import OrgState, UserState
from contracts.jobs import FinishedJob, JobRequestFinished
from contracts.projects import ProjectState, WorkspaceState
from contracts.releases import AirlockEventReceived
from kit.db import Database
from kit.http import Client
from messaging.replicas import write
from messaging.subscriptions import Subscription
from messaging.uow import Units
from notifications import consumers, replicas
from notifications.channels.email import EmailChannel
from notifications.channels.github import GitHubChannel
from notifications.channels.slack import SlackChannel
from notifications.dispatcher import CHANNELS, Dispatcher
from notifications.settings import Settings
from testkit.bus import Bus
from testkit.world import World, running

ROSA, OTIS = 1, 2


@dataclass
class Outside:
    """What stands in the sandbox."""

    url: str
    smtp_port: int
    home: Path
    client: httpx.AsyncClient

    def store(self, sql: str, *args: Any) -> list[Any]:
        with closing(sqlite3.connect(self.home / "sandbox.sqlite3")) as store:
            found = store.execute(sql, args).fetchall()
            store.commit()
        return found

    def mails(self) -> list[EmailMessage]:
        """As they were received, the oldest first."""
        rows = self.store("select raw from mails order by id")
        return [
            cast(EmailMessage, email.message_from_bytes(raw, policy=email.policy.default)) for (raw,) in rows
        ]

    def recipients(self) -> list[str]:
        """Of the envelopes."""
        return [to for (to,) in self.store("select recipient from mails order by id")]

    def comments(self) -> list[str]:
        """Without the marks by which repeats are recognised."""
        rows = self.store("select body from comments order by id")
        return [body.partition("\n\n<!--")[0] for (body,) in rows]

    async def fault(self, endpoint: str, kind: str, times: int = 1, seconds: float = 30) -> None:
        fault = {"kind": kind, "times": times, "seconds": seconds}
        await self.client.post(f"/control/faults/{endpoint}", json=fault)

    async def state(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = (await self.client.get("/control/state")).json()
        return found


@pytest.fixture(scope="session")
async def sandbox_outside(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outside]:
    home = tmp_path_factory.mktemp("outside")
    app = sandbox.app.create(home, smtp_port=0)
    async with running(app) as url, httpx.AsyncClient(base_url=url) as client:
        yield Outside(url, app.state.smtp_port, home, client)


@pytest.fixture
def outside(sandbox_outside: Outside) -> Outside:
    """Nothing was received yet, and nothing goes wrong."""
    for table in ("mails", "issues", "comments", "slack"):
        sandbox_outside.store(f"delete from {table}")
    sandbox_outside.store("delete from flags where key <> 'seeded'")
    return sandbox_outside


@pytest.fixture(scope="session")
async def identity_url(world: World) -> AsyncIterator[str]:
    world.migrate("identity")
    settings = identity.settings.Settings(**world.settings("identity", token_keys={"k1": "secret"}))
    async with running(identity.app.create(settings)) as url:
        yield url


@pytest.fixture
async def units(world: World, identity_url: str) -> AsyncIterator[Units]:
    """With two people, a project and its workspace known."""
    world.migrate("notifications")
    await world.clean("notifications")
    await world.clean("identity")
    await world.rows(
        "identity",
        "insert into users (id, username, email, fullname) overriding system value"
        f" values ({ROSA}, 'rosa', 'rosa@example.org', 'Rosa'), ({OTIS}, 'otis', 'otis@example.org', 'Otis')",
    )
    async with Database(world.url("notifications"), sessions_max=6).lifespan() as database:
        made = Units(database, "notifications", lambda: None)
        people = [
            UserState(id=n, version=1, username=u, fullname=u.title())
            for n, u in ((ROSA, "rosa"), (OTIS, "otis"))
        ]
        project = ProjectState(id=1, version=1, slug="demo-project", name="Demo", org_ids=[1])
        workspace = WorkspaceState(
            id=1,
            version=1,
            name="demo-workspace",
            project_id=1,
            repo_url="https://github.com/opensafely/demo-study",
            branch="main",
        )
        async with made() as uow:
            await write(uow.session, replicas.USERS, people)
            await write(uow.session, replicas.ORGS, [OrgState(id=1, version=1, slug="bennett", name="B")])
            await write(uow.session, replicas.PROJECTS, [project])
            await write(uow.session, replicas.WORKSPACES, [workspace])
        yield made


@pytest.fixture
def settings(world: World, outside: Outside, identity_url: str) -> dict[str, Any]:
    return world.settings(
        "notifications",
        identity_url=identity_url,
        smtp_url=f"smtp://127.0.0.1:{outside.smtp_port}",
        slack_api_url=f"{outside.url}/slack/api/",
        slack_bot_token="sandbox",
        github_api_url=f"{outside.url}/github/api",
        jobserver_github_token="",
    )


Sender = Callable[..., Dispatcher]


@pytest.fixture
async def sender(world: World, units: Units, settings: dict[str, Any]) -> AsyncIterator[Sender]:
    """A dispatcher of its own, as another worker has one. `timeout`: for what does not answer."""
    opened: list[EmailChannel | GitHubChannel | Client] = []

    def make(
        units: Units = units, mail: type[EmailChannel] = EmailChannel, timeout: float = 15, **more: Any
    ) -> Dispatcher:
        chosen = Settings(**settings | more)
        client = Client("identity", chosen.identity_url, world.signer("notifications").service)
        post, github = mail(chosen, timeout=timeout), GitHubChannel(chosen, units, timeout=timeout)
        opened.extend((post, github, client))
        return Dispatcher(units, IdentityClient(client), post, SlackChannel(chosen, timeout=timeout), github)

    yield make
    for one in opened:
        await one.close()


@pytest.fixture
def dispatcher(sender: Sender) -> Dispatcher:
    return sender()


async def send_all(dispatcher: Dispatcher) -> None:
    """Whatever is due, until nothing is."""
    async with asyncio.timeout(20):
        while sum([await dispatcher.once(channel) for channel in CHANNELS]):
            pass


Send = Callable[[], Awaitable[None]]


@pytest.fixture
def send(dispatcher: Dispatcher) -> Send:
    return lambda: send_all(dispatcher)


@pytest.fixture
def waited(world: World) -> Send:
    """As if every pause after a failure, and every lease, were over."""

    async def wait() -> None:
        await world.rows(
            "notifications",
            "update deliveries set next_attempt_at = now(), leased_until = null where status = 'waiting'",
        )

    return wait


async def waiting(world: World) -> list[tuple[str, str]]:
    """Keys and states of what did not arrive yet."""
    rows = await world.rows("notifications", "select key, status from deliveries order by id")
    return [(row["key"], row["status"]) for row in rows if row["status"] != "delivered"]


Hear = Callable[..., Awaitable[None]]


@pytest.fixture
def hear(units: Units, bus: Callable[[str], Bus]) -> Hear:
    """`hear("jobs", event, …)`: messages arrive at the subscription `notifications-jobs`."""

    async def deliver(name: str, *messages: Any, times: int = 1) -> None:
        receiver = bus("notifications")
        await receiver.deliver(subscription(f"notifications-{name}"), *messages, times=times)
        assert not await receiver.dead()

    return deliver


def subscription(name: str) -> Subscription:
    return next(one for one in consumers.SUBSCRIPTIONS if one.name == name)


def finished(number: int = 1, **more: Any) -> JobRequestFinished:
    values: dict[str, Any] = {
        "job_request_id": number,
        "workspace": "demo-workspace",
        "project_id": 1,
        "backend": "tpp",
        "created_by_id": ROSA,
        "status": "succeeded",
        "status_message": None,
        "will_notify": True,
        "jobs": [
            FinishedJob(
                identifier="a",
                action="report",
                status="succeeded",
                status_code="succeeded",
                status_message="Done",
                seconds=61,
            )
        ],
    }
    return JobRequestFinished(**(values | more))


def step(number: int, kind: str, **more: Any) -> AirlockEventReceived:
    values: dict[str, Any] = {
        "airlock_event_id": number,
        "event_type": f"request_{kind}",
        "workspace": "demo-workspace",
        "project_id": 1,
        "request": "01REQUEST",
        "request_author_id": ROSA,
        "user_id": OTIS,
    }
    return AirlockEventReceived(**(values | more))
