"""What is true of every service, whichever it is."""

import importlib
from collections.abc import Callable, Iterator

import asyncpg
import httpx
import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from contracts.catalogue import SERVICES
from contracts.identity import BackendState, OrgState, UserState
from contracts.projects import ProjectState, WorkspaceState
from kit.identity import Signer
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from testkit.bus import Bus
from testkit.world import World, person

from .conftest import Services

every_service = pytest.mark.parametrize("service", SERVICES)
STATES = {
    "identity": [ProjectState(id=7, version=2, slug="s", name="S")],
    "projects": [
        UserState(id=7, version=2, username="u", fullname="U"),
        OrgState(id=7, version=2, slug="o", name="O"),
    ],
    "jobs": [
        BackendState(id=7, version=2, slug="b", name="B", is_active=True),
        WorkspaceState(id=7, version=2, name="w", project_id=1, repo_url="r", branch="main"),
    ],
    "releases": [
        ProjectState(id=7, version=2, slug="s", name="S"),
        BackendState(id=7, version=2, slug="b", name="B", is_active=True),
    ],
    "notifications": [WorkspaceState(id=7, version=2, name="w", project_id=1, repo_url="r", branch="main")],
}


@pytest.mark.parametrize(
    "name",
    [
        "identity-replicas",
        "projects-replicas",
        "jobs-replicas",
        "releases-replicas",
        "notifications-replicas",
    ],
)
async def test_a_state_redelivered_or_overtaken_changes_nothing(
    services: Services, world: World, bus: Callable[[str], Bus], name: str
) -> None:
    service = name.removesuffix("-replicas")
    services.settings(service)
    await world.clean(service)
    consumers = importlib.import_module(f"{service}.consumers")
    [subscription] = [one for one in consumers.SUBSCRIPTIONS if one.name == name]
    receiver = bus(service)
    await receiver.deliver(subscription, *STATES[service], times=2)
    tables = {
        type(state): replica.table.name
        for state in STATES[service]
        for replica in importlib.import_module(f"{service}.replicas").REPLICAS
        if replica.state is type(state)
    }
    for state, table in tables.items():
        [row] = await world.rows(service, f"select id, version from {table}")
        assert (row["id"], row["version"]) == (7, 2)
        older = next(one for one in STATES[service] if type(one) is state)
        await receiver.deliver(subscription, msgspec.structs.replace(older, version=1))
        assert (await world.rows(service, f"select version from {table}"))[0]["version"] == 2
        await receiver.deliver(subscription, msgspec.structs.replace(older, version=3, deleted=True))
        assert not await world.rows(service, f"select from {table}")
    assert not await receiver.dead()


@every_service
async def test_its_role_cannot_look_into_another_schema(
    services: Services, world: World, service: str
) -> None:
    others = [other for other in SERVICES if other != service]
    for other in SERVICES:
        services.settings(other)
    connection = await asyncpg.connect(world.url(service))
    try:
        for other in others:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"select * from {other}.outbox")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"create table {service}.mine (id int)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"drop table {service}.outbox")
    finally:
        await connection.close()


async def test_an_audit_entry_can_neither_be_changed_nor_removed(services: Services, world: World) -> None:
    services.settings("identity")
    connection = await asyncpg.connect(world.url("identity"))
    try:
        await connection.execute(
            "insert into audit_events (type, by, target_user, target, old, new)"
            " values ('tested', 'test', '', '', '', '')"
        )
        for statement in (
            "update audit_events set by = 'x'",
            "delete from audit_events",
            "truncate audit_events",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


@every_service
async def test_its_migrations_make_what_its_models_say(
    services: Services, world: World, service: str
) -> None:
    services.settings(service)
    metadata = importlib.import_module(f"{service}.models").Base.metadata

    def differences(connection: Connection) -> list[object]:
        return list(
            compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
        )

    url = world.url(f"{service}_owner").replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        rules = await connection.execute(text(_CONSTRAINTS))
        assert {tuple(row) for row in rules} == set(constraints(metadata)), "alembic does not compare these"
    await engine.dispose()


_CONSTRAINTS = """
select conrelid::regclass::text, conname from pg_constraint c join pg_namespace n on n.oid = c.connamespace
where n.nspname = current_schema() and contype in ('c', 'f', 'p', 'u')
  and conrelid <> coalesce(to_regclass('alembic_version'), 0)
"""


def constraints(metadata: MetaData) -> Iterator[tuple[str, str]]:
    """(table, name) of each, as its model has it."""
    for table in metadata.tables.values():
        for constraint in table.constraints:
            yield table.name, str(constraint.name)


@every_service
async def test_it_is_ready_and_says_which_part_is_not(services: Services, service: str) -> None:
    async with services.running(service) as url, httpx.AsyncClient(base_url=url) as client:
        for _ in range(100):  # the broker's connection is made in the background
            ready = await client.get("/health/ready")
            if ready.status_code == 200:
                break
        assert set(ready.json().values()) == {"ok"}
        assert {"postgresql", "nats"} <= ready.json().keys()
        assert (await client.get("/health/live")).status_code == 200
        assert "http" in (await client.get("/metrics")).text
    nothing = {"database_url": "postgresql://nobody:x@127.0.0.1:1/x", "nats_url": "nats://127.0.0.1:1"}
    async with services.running(service, **nothing) as url, httpx.AsyncClient(base_url=url) as client:
        ready = await client.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["postgresql"] != "ok"
        assert ready.json()["nats"] != "ok"
        assert (await client.get("/health/live")).status_code == 200


@every_service
async def test_strangers_and_nonsense_are_refused_plainly(
    services: Services, world: World, service: str
) -> None:
    """Every route, asked by nobody and by a person without rights, with bodies that mean nothing."""
    app = services.app(service)
    schema = app.openapi()
    async with services.running(service) as url:
        nobody = {"x-job-server-identity": world.signer().sign(kind="anonymous")}
        async with httpx.AsyncClient(base_url=url) as client:
            assert (await client.get("/no/such/thing")).status_code == 401
            assert (await client.get("/no/such/thing", headers=nobody)).status_code == 404
        for who in (None, person(1, "mallory")):
            statement = world.signer().sign(kind="session" if who else "anonymous", user=who)
            async with httpx.AsyncClient(
                base_url=url, headers={"x-job-server-identity": statement}
            ) as client:
                for path, operations in schema["paths"].items():
                    for method in operations:
                        filled = path.replace("{", "").replace("}", "")
                        for body in (b"", b"{", b"[]", b'{"a": "\\u0000"}', b"\xff\xfe"):
                            answer = await client.request(method, filled, content=body)
                            assert answer.status_code < 500 or answer.status_code == 503, (
                                f"{method} {path} {body!r}: {answer.status_code} {answer.text[:300]}"
                            )


@every_service
@pytest.mark.parametrize("statement", ["", "nonsense", "a.b.c", "forged", "expired", "another's key"])
async def test_a_statement_that_is_not_the_gateways_counts_for_nothing(
    services: Services, world: World, service: str, statement: str
) -> None:
    made = {
        "forged": lambda: Signer("gateway", world.pairs["jobs"][0]).sign(
            kind="session", user=person(1, "ada")
        ),
        "another's key": lambda: world.signer("jobs").sign(kind="session", user=person(1, "ada")),
        "expired": lambda: "eyJhbGciOiJFZERTQSJ9.eyJleHAiOjB9.c2ln",
    }
    sent = made[statement]() if statement in made else statement
    async with services.running(service) as url, httpx.AsyncClient(base_url=url) as client:
        answer = await client.get("/state/user", headers={"x-job-server-identity": sent})
        assert answer.status_code in {401, 403, 404}
