"""The jobs service's database, and the sandbox's controller beside it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import sandbox.app
from contracts.identity import UserState
from contracts.projects import ProjectState, WorkspaceState
from jobs import consumers
from jobs.models import JobRequest, Submission
from jobs.rap.client import RapClient
from kit.db import Database
from messaging.replicas import write
from messaging.uow import Units
from testkit.world import World, running

SHA = "a" * 40


@pytest.fixture(scope="session")
async def outside(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The sandbox's URL: controller, GitHub and the rest."""
    home = tmp_path_factory.mktemp("outside")
    async with running(
        sandbox.app.create(home, smtp_port=0, token="rap-token", backends=["tpp", "test"])
    ) as url:
        yield url


@pytest.fixture
async def control(outside: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{outside}/control") as client:
        await client.post("/speed", json={"seconds_per_job": 0.1})
        yield client


@pytest.fixture
async def rap(outside: str) -> AsyncIterator[RapClient]:
    client = RapClient(f"{outside}/rap/controller/v1/", "rap-token")
    yield client
    await client.close()


@pytest.fixture
async def units(world: World) -> AsyncIterator[Units]:
    world.migrate("jobs")
    await world.clean("jobs")
    async with Database(world.url("jobs")).opened() as database:
        yield Units(database, "jobs", lambda: None)


@dataclass
class Made:
    """Requests in a database of their own world: a user, a project, a workspace."""

    units: Units

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
        await write(uow.session, consumers.USERS, [user])
    project = ProjectState(id=1, version=1, slug="demo-project", name="Demo")
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
        await write(uow.session, consumers.PROJECTS, [project])
        await write(uow.session, consumers.WORKSPACES, [workspace])
    return Made(units)


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
