"""The projects service on a real socket, asked as the gateway and the other services ask it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import pytest
from clients.projects import ProjectsClient
from contracts.base import Event, State
from contracts.identity import OrgState, UserState
from contracts.statement import Claims
from kit.db import Database
from messaging.envelope import decode
from messaging.replicas import write
from messaging.uow import Units
from projects import replicas
from projects.actions import projects, workspaces
from projects.app import create
from projects.cli import commands
from projects.models import Collaboration
from projects.settings import Settings
from sqlalchemy import update
from testkit.commands import Ran, run_command
from testkit.plugin import Speak
from testkit.world import World, person, running

REPO = "https://github.com/opensafely/demo-study"


@pytest.fixture(scope="session")
def settings(world: World) -> dict[str, Any]:
    world.migrate("projects")
    return world.settings("projects")


@pytest.fixture(autouse=True)
async def clean(world: World, settings: dict[str, Any]) -> None:
    await world.clean("projects")


@pytest.fixture(scope="session")
async def url(settings: dict[str, Any]) -> AsyncIterator[str]:
    async with running(create(Settings(**settings))) as url:
        yield url


@pytest.fixture
def nobody(speak: Speak) -> ProjectsClient:
    return ProjectsClient(speak())


@pytest.fixture
def reader(speak: Speak) -> ProjectsClient:
    """Somebody with a role, so that nothing is hidden."""
    return ProjectsClient(speak(by=person(1, "otis", roles=["OutputChecker"])))


@pytest.fixture(scope="session")
async def units(world: World, settings: dict[str, Any]) -> AsyncIterator[Units]:
    async with Database(world.url("projects")).lifespan() as database:
        yield Units(database, "projects", lambda: None)


class Make:
    """Things that were made before, without the command line."""

    def __init__(self, units: Units) -> None:
        self._units = units

    async def org(self, org_id: int, name: str, *, version: int = 1) -> int:
        state = OrgState(id=org_id, version=version, slug=name.lower(), name=name)
        async with self._units() as uow:
            await write(uow.session, replicas.ORGS, [state])
        return org_id

    async def user(self, user_id: int, username: str, fullname: str) -> int:
        state = UserState(id=user_id, version=1, username=username, fullname=fullname)
        async with self._units() as uow:
            await write(uow.session, replicas.USERS, [state])
        return user_id

    async def project(
        self,
        slug: str,
        name: str = "",
        *,
        number: str | None = None,
        orgs: tuple[int, ...] = (),
        lead: int | None = None,
    ) -> int:
        """Its id. `orgs` joined in this order, and the first leads unless it is said who does."""
        async with self._units() as uow:
            project = await projects.find_project(uow, slug) or await projects.create_project(
                uow,
                slug=slug,
                name=name,
                number=number,
                status="ongoing",
                org_id=orgs[0] if orgs else None,
                by="test",
            )
            for org in orgs[1:]:
                uow.session.add(Collaboration(project_id=project.id, org_id=org, created_by="test"))
            await uow.session.flush()
            if lead is not None:
                mine = update(Collaboration).where(Collaboration.project_id == project.id)
                await uow.session.execute(mine.values(is_lead=False))
                await uow.session.execute(mine.where(Collaboration.org_id == lead).values(is_lead=True))
        return project.id

    async def workspace(self, project: str, name: str, *, archived: bool = False, purpose: str = "") -> int:
        async with self._units() as uow:
            found = await workspaces.find_workspace(uow, project, name)
            workspace = found or await workspaces.create_workspace(
                uow,
                project=project,
                name=name,
                repo=REPO,
                branch="main",
                purpose=purpose,
                should_notify=False,
                by="test",
            )
            workspace.is_archived = archived
        return workspace.id


@pytest.fixture
def make(units: Units) -> Make:
    return Make(units)


Operate = Callable[..., Awaitable[Ran]]


@pytest.fixture
def operate(settings: dict[str, Any]) -> Operate:
    """An operator's command; `more` replaces settings."""

    async def run(*words: str, lines: str | None = None, **more: Any) -> Ran:
        return await run_command(commands, settings | more, *words, lines=lines)

    return run


Message = TypeVar("Message", bound=Event | State)


async def said(world: World, kind: type[Message]) -> list[Message]:
    """Messages of that type in the outbox, the oldest first."""
    rows = await world.rows("projects", "select body from outbox order by id")
    messages = [decode(row["body"])[1] for row in rows]
    return [message for message in messages if isinstance(message, kind)]


def developer(project_id: int) -> Claims:
    return person(2, "rosa", projects={"ProjectDeveloper": [project_id]}, memberships=[project_id])
