"""What the service owes the house: its role, its schema, its health, its messages, its loops."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from contracts.identity import BackendState, OrgState, UserState
from contracts.projects import ProjectState, WorkspaceState
from kit.identity import HEADER
from messaging.connection import connect
from messaging.topology import apply_to
from releases import worker
from releases.consumers import SUBSCRIPTIONS
from releases.models import Base
from releases.settings import Settings
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from testkit.bus import Bus
from testkit.world import World

from .conftest import Airlock, Ask, blob, stored
from .known import OTIS

STATES: list[tuple[str, Any, dict[str, Any]]] = [
    ("known_users", UserState(id=1, version=5, username="rosa", fullname="New"), {"fullname": "New"}),
    ("known_orgs", OrgState(id=1, version=5, slug="one", name="New"), {"name": "New"}),
    (
        "known_backends",
        BackendState(id=1, version=5, slug="tpp", name="New", is_active=True),
        {"name": "New"},
    ),
    (
        "known_projects",
        ProjectState(id=7, version=5, slug="study", name="New", copilot_id=3, org_ids=[2, 1]),
        {"name": "New", "copilot_id": 3, "org_ids": [2, 1]},
    ),
    (
        "known_workspaces",
        WorkspaceState(
            id=1, version=5, name="study-ws", project_id=8, repo_url="r", branch="main", is_archived=True
        ),
        {"project_id": 8, "is_archived": True},
    ),
]


@pytest.mark.parametrize(("table", "state", "wanted"), STATES, ids=lambda value: str(value)[:16])
async def test_state_delivered_twice_changes_its_replica_once(
    bus: Callable[[str], Bus], world: World, table: str, state: Any, wanted: dict[str, Any]
) -> None:
    """The subscription releases-replicas, over a real broker."""
    [subscription] = [one for one in SUBSCRIPTIONS if one.name == "releases-replicas"]
    receiver = bus("releases")
    await receiver.deliver(subscription, state, times=2)
    [row] = await world.rows("releases", f"select * from {table} where id = $1", state.id)
    assert {name: row[name] for name in wanted} == wanted
    assert row["version"] == 5
    [seen] = await world.rows(
        "releases", "select count(*) as n from inbox where consumer = 'releases-replicas'"
    )
    assert seen["n"] == 1
    assert await receiver.dead() == []


async def test_an_older_state_changes_nothing(bus: Callable[[str], Bus], world: World) -> None:
    [subscription] = SUBSCRIPTIONS
    old = ProjectState(id=7, version=0, slug="old", name="Old")
    await bus("releases").deliver(subscription, old)
    [row] = await world.rows("releases", "select slug from known_projects where id = 7")
    assert row["slug"] == "study"


async def test_what_was_deleted_at_its_owner_goes(bus: Callable[[str], Bus], airlock: Airlock) -> None:
    [subscription] = SUBSCRIPTIONS
    gone = WorkspaceState(
        id=1, version=2, name="study-ws", project_id=7, repo_url="r", branch="main", deleted=True
    )
    await bus("releases").deliver(subscription, gone)
    assert (await airlock.create(("a.csv", b"x"))).status_code == 404


async def test_the_runtime_role_sees_its_own_schema_only(world: World, settings: dict[str, Any]) -> None:
    world.migrate("projects")
    connection = await asyncpg.connect(world.url("releases"))
    try:
        assert await connection.fetchval("select count(*) from known_users") == 3
        for statement in (
            "select * from projects.outbox",
            "create table releases.mine (id int)",
            "alter table releases.releases add column mine int",
            "drop table releases.release_files",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        await connection.execute("grant update on releases.airlock_events to releases")  # only a warning
        granted = "select has_table_privilege('releases', 'releases.airlock_events', 'update')"
        assert not await connection.fetchval(granted)
    finally:
        await connection.close()


async def test_the_migrations_make_what_the_models_say(world: World, settings: dict[str, Any]) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))

    url = world.url("releases_owner").replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_it_is_ready_when_database_broker_and_storage_are(airlock: Airlock) -> None:
    async with asyncio.timeout(10):
        while (ready := await airlock.client.get("/health/ready")).status_code != 200:
            await asyncio.sleep(0.01)
    assert ready.json() == {"postgresql": "ok", "nats": "ok", "storage": "ok"}
    assert (await airlock.client.get("/health/live")).status_code == 200


@pytest.mark.parametrize("path", ["/", "/nothing", "/api/v2/releases", "/api/v2/releases/file/", "/docs"])
async def test_an_unknown_address_is_not_found(ask: Ask, path: str) -> None:
    answer = await ask(path, OTIS)
    assert answer.status_code == 404
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize("path", ["/workspaces/study-ws/releases", "/api/v2/releases/workspace/study-ws"])
async def test_without_a_statement_nobody_is_answered(airlock: Airlock, path: str) -> None:
    for headers in ({}, {HEADER: "nonsense"}, {"Authorization": "token"}):
        assert (await airlock.client.get(path, headers=headers)).status_code == 401


async def test_another_service_cannot_speak_for_a_backend(airlock: Airlock, world: World) -> None:
    forged = world.signer("projects").sign(kind="backend", backend="tpp", acting=OTIS)
    answer = await airlock.client.post(
        "/api/v2/releases/workspace/study-ws", headers={HEADER: forged}, json={}
    )
    assert answer.status_code == 401


async def test_no_answer_sets_a_cookie(airlock: Airlock) -> None:
    """Airlock would send it back, also for other people (A6)."""
    answers = [
        await airlock.create(("a.csv", b"x")),
        await airlock.upload("a.csv", b"x"),
        await airlock.event("request_submitted"),
        await airlock.create(("b.csv", b"y")),
    ]
    assert not [answer for answer in answers if "set-cookie" in answer.headers]


async def test_the_worker_publishes_what_was_announced_and_sweeps_up(
    airlock: Airlock,
    world: World,
    settings: dict[str, Any],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await airlock.create(("a.csv", b"x"))
    await airlock.upload("a.csv", b"x")
    (folder / "incoming" / "begun#1").write_bytes(b"half")
    monkeypatch.setattr("releases.storage._ORPHAN", timedelta(minutes=-1))
    monkeypatch.setattr(worker, "Settings", lambda: Settings(**settings))
    client = await connect(world.nats_url, "test")
    await apply_to(client.jetstream(timeout=5))
    await client.jetstream(timeout=5).purge_stream("RELEASES")
    stop = asyncio.Event()
    working = asyncio.create_task(worker.main(stop))
    try:
        async with asyncio.timeout(15):
            while await world.rows("releases", "select from outbox where published_at is null"):
                await asyncio.sleep(0.02)
            while stored(folder) != [blob(b"x")]:
                await asyncio.sleep(0.02)
        info = await client.jetstream(timeout=5).stream_info("RELEASES", subjects_filter=">")
        assert info.state.subjects == dict.fromkeys(await world.announced("releases"), 1)
    finally:
        stop.set()
        await working
        await client.close()
