"""The jobs service's database, and the sandbox's controller beside it."""

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sandbox.app
from clients.projects import ProjectsClient
from contracts.identity import BackendState, OrgState, UserState
from contracts.projects import ProjectState, WorkspaceState
from fastapi import FastAPI, Response
from jobs import replicas
from jobs.app import create
from jobs.models import JobRequest, Submission
from jobs.rap.canceller import Canceller
from jobs.rap.client import RapClient
from jobs.rap.dispatcher import Dispatcher
from jobs.settings import Settings
from kit.app import Service
from kit.db import Database
from messaging.owners import Owners
from messaging.replicas import write
from messaging.uow import Units
from testkit.plugin import Speak
from testkit.world import World, running

SHA = "a" * 40


@pytest.fixture(scope="session")
def outside_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outside")


@pytest.fixture(scope="session")
async def outside(outside_home: Path) -> AsyncIterator[str]:
    """The sandbox's URL: controller, GitHub and the rest."""
    app = sandbox.app.create(outside_home, smtp_port=0, token="rap-token", backends=["tpp", "test"])
    async with running(app) as url:
        yield url


@pytest.fixture
async def control(outside: str, outside_home: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The outside world's switches; it starts without jobs or faults, and each job takes 0.1 s."""
    with closing(sqlite3.connect(outside_home / "sandbox.sqlite3")) as store:
        store.execute("delete from flags where key <> 'seeded'")
        store.execute("insert into flags values ('seconds_per_job', '0.1')")
        store.execute("delete from jobs")
        store.execute("delete from raps")
        store.commit()
    async with httpx.AsyncClient(base_url=f"{outside}/control") as client:
        yield client
    with closing(sqlite3.connect(outside_home / "sandbox.sqlite3")) as store:
        store.execute("delete from commits where message like 'Change%'")
        store.commit()


@pytest.fixture
async def head(outside: str) -> str:
    """The newest commit of the demo study."""
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{outside}/github/api/repos/opensafely/demo-study/commits/main")
    return str(answer.json()["sha"])


@pytest.fixture
async def rap(outside: str) -> AsyncIterator[RapClient]:
    client = RapClient(f"{outside}/rap/controller/v1/", "rap-token")
    yield client
    await client.close()


@pytest.fixture
async def units(world: World) -> AsyncIterator[Units]:
    """Of an empty database."""
    world.migrate("jobs")
    await world.clean("jobs")
    async with Database(world.url("jobs")).lifespan() as database:
        yield Units(database, "jobs", lambda: None)


@dataclass
class Made:
    """Requests in a database of their own world: a user, a project, a workspace."""

    units: Units

    async def known(self, **more: Any) -> None:
        """States of other owners, as if they had been heard of."""
        kept = {replica.state: replica for replica in replicas.REPLICAS}
        for state in more.values():
            async with self.units() as uow:
                await write(uow.session, kept[type(state)], [state])

    async def request(self, number: int = 1, **more: Any) -> JobRequest:
        values = {
            "workspace_id": 1,
            "workspace": "demo-workspace",
            "project_id": 1,
            "backend": "tpp",
            "created_by_id": 1,
            "key": f"key-{number}",
            "requested_actions": ["report"],
            "sha": SHA,
            "branch": "main",
            "will_notify": True,
        }
        state = more.pop("submission", "accepted")
        async with self.units() as uow:
            made = JobRequest(**(values | more))
            uow.session.add(made)
            await uow.session.flush()
            uow.session.add(Submission(job_request_id=made.id, state=state))
            await uow.session.flush()
            await uow.session.refresh(made)
        return made


@pytest.fixture
async def made(units: Units) -> Made:
    user = UserState(id=1, version=1, username="rosa", fullname="Rosa Marsh")
    async with units() as uow:
        await write(uow.session, replicas.USERS, [user])
    project = ProjectState(id=1, version=1, slug="demo-project", name="Demo", org_ids=[1])
    workspace = WorkspaceState(
        id=1,
        version=1,
        name="demo-workspace",
        project_id=1,
        repo_url="https://github.com/opensafely/demo-study",
        branch="main",
        should_notify=True,
    )
    async with units() as uow:
        await write(uow.session, replicas.PROJECTS, [project])
        await write(uow.session, replicas.WORKSPACES, [workspace])
    made = Made(units)
    await made.known(
        tpp=BackendState(id=1, version=1, slug="tpp", name="TPP", is_active=True),
        test=BackendState(id=2, version=1, slug="test", name="Test", is_active=True),
        lead=OrgState(id=1, version=1, slug="bennett", name="Bennett Institute"),
    )
    return made


def job(request: JobRequest, action: str = "report", status: str = "running", **more: Any) -> dict[str, Any]:
    """As the controller tells it."""
    at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC).isoformat()
    over = status in {"succeeded", "failed"}
    values = {
        "identifier": f"{request.id}-{action}",
        "rap_id": request.rap_id,
        "backend": request.backend,
        "action": action,
        "run_command": "python:v2 python x.py",
        "status": status,
        "status_code": {"pending": "created", "running": "executing"}.get(status, status),
        "status_message": status.title(),
        "created_at": at,
        "updated_at": at,
        "started_at": None if status == "pending" else at,
        "completed_at": at if over else None,
        "trace_context": {},
        "metrics": {},
        "requires_db": False,
    }
    return values | more


@dataclass
class Projects:
    """The neighbour that jobs asks: what it knows, and whether it is there."""

    url: str = ""
    scope: dict[str, list[str]] = field(default_factory=dict)
    states: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    away: bool = False
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
async def neighbour() -> AsyncIterator[Projects]:
    here = Projects()
    app = FastAPI()

    @app.get("/projects/{project_id}/analysis-scope")
    async def scope(project_id: int, response: Response) -> dict[str, list[str]]:
        here.asked.append("scope")
        response.status_code = 503 if here.away else 200
        return here.scope

    @app.get("/state/{thing}")
    async def state(thing: str, response: Response) -> list[dict[str, Any]]:
        here.asked.append(thing)
        response.status_code = 503 if here.away else 200
        return here.states.get(thing, [])

    async with running(app) as url:
        here.url = url
        yield here


@pytest.fixture
def projects(neighbour: Projects) -> Projects:
    """As it is at the start of every test."""
    neighbour.scope, neighbour.states, neighbour.away, neighbour.asked = {}, {}, False, []
    return neighbour


@pytest.fixture
async def dispatcher(
    world: World, units: Units, rap: RapClient, projects: Projects, control: httpx.AsyncClient
) -> AsyncIterator[Dispatcher]:
    client = world.client(projects.url, service="jobs")
    owners = Owners(units, {"projects": client})
    yield Dispatcher(units, rap, ProjectsClient(client), owners, timedelta(hours=24), asyncio.Event())
    await client.close()


@pytest.fixture
def canceller(units: Units, rap: RapClient, control: httpx.AsyncClient) -> Canceller:
    return Canceller(units, rap, asyncio.Event())


@pytest.fixture
async def waiting(made: Made, head: str) -> JobRequest:
    """In a workspace of its own, since the controller does not run an action twice at once."""
    return await made.request(
        sha=head,
        workspace=f"space-{secrets.token_hex(4)}",
        submission="waiting",
        requested_actions=["measures_monthly"],
    )


@pytest.fixture(scope="session")
def settings(world: World, outside: str, neighbour: Projects) -> dict[str, Any]:
    world.migrate("jobs")
    return world.settings(
        "jobs",
        rap_api_base_url=f"{outside}/rap/controller/v1/",
        rap_api_token="rap-token",
        rap_api_first_poll=0.05,
        rap_api_poll_interval=0.2,
        github_api_url=f"{outside}/github/api",
        opencodelists_url=f"{outside}/opencodelists",
        projects_url=neighbour.url,
        sqlrunner_projects=["query-project"],
    )


@pytest.fixture(scope="session")
def app(settings: dict[str, Any]) -> Service:
    return create(Settings(**settings))


@pytest.fixture(scope="session")
async def url(app: Service) -> AsyncIterator[str]:
    """The service itself, on a real socket."""
    async with running(app) as url:
        yield url


@pytest.fixture
def speak(speak: Speak, made: "Made", projects: Projects, app: Service) -> Speak:
    """In an empty world, beside a neighbour that knows nothing."""
    app.state.owners.forget_misses()
    return speak


Due = Callable[[], Awaitable[None]]


@pytest.fixture
def due(world: World) -> Due:
    """Let every wait for the next try be over."""

    async def pass_time() -> None:
        past = "now() - interval '1 second'"
        for table in ("submissions", "cancellations"):
            await world.rows("jobs", f"update {table} set next_attempt_at = {past}, leased_until = {past}")

    return pass_time
