"""Roles, schemas and migrations: safe to repeat, safe at the same time."""

import asyncio
import hashlib
import hmac
import os
import re
import secrets
import subprocess
import sys
from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from contracts.catalogue import SERVICES
from kit import migrations
from kit.bootstrap import _role, bootstrap
from testkit.world import World, new_database

ROLES = [role for service in SERVICES for role in (service, f"{service}_owner")]


@pytest.fixture(scope="module")
async def database(world: World) -> AsyncIterator[World]:
    """A database of its own on the same server."""
    made = World(await new_database(world.database), world.nats_url)
    yield made
    name = urlsplit(made.database).path.strip("/")
    await ask(world.database, f"drop database {name} with (force)")


async def ask(url: str, sql: str, *args: Any) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(sql, *args))
    finally:
        await connection.close()


async def test_it_may_be_repeated_and_run_from_several_places_at_once(database: World) -> None:
    await asyncio.gather(*(bootstrap(database.database, dict.fromkeys(ROLES, "test")) for _ in range(4)))
    for service in SERVICES:
        rows = await ask(database.database, "select 1 from pg_namespace where nspname = $1", service)
        assert len(rows) == 1
        assert await ask(database.url(service), "select current_user") == [(service,)]


def opens(stored: str, password: str) -> bool:
    """Whether this password belongs to what PostgreSQL keeps of one (RFC 5802)."""
    rounds, salt, stored_key = re.fullmatch(r"SCRAM-SHA-256\$(\d+):(.+)\$(.+):.+", stored).groups()  # type: ignore[union-attr]
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), b64decode(salt), int(rounds))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return hashlib.sha256(client_key).digest() == b64decode(stored_key)


async def test_a_password_may_have_any_characters_and_stays_when_none_is_given(database: World) -> None:
    role = f"odd_{secrets.token_hex(4)}"
    connection = await asyncpg.connect(database.database)
    stored = "select rolpassword from pg_authid where rolname = $1"
    try:
        await _role(connection, role, None)
        assert not opens(await connection.fetchval(stored, role), "")
        for password in ("it's", "$1 \\ '; drop role x; --", 'a "b"'):
            await _role(connection, role, password)
            await _role(connection, role, None)
            assert opens(await connection.fetchval(stored, role), password)
        assert not opens(await connection.fetchval(stored, role), "it's")
    finally:
        await connection.execute(f"drop role {role}")
        await connection.close()


async def test_a_service_may_make_nothing_anywhere(database: World) -> None:
    for statement in (
        "create table jobs.mine (id int)",
        "create table public.mine (id int)",
        "create table releases.mine (id int)",
        "create schema mine",
        "create role mine",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ask(database.url("jobs"), statement)


async def test_migrations_may_be_repeated_and_run_from_several_places_at_once(database: World) -> None:
    url = database.url("projects_owner")
    other = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kit.migrations", "projects"),
        env={"OWNER_DATABASE_URL": url, "PATH": os.environ["PATH"]},
        stderr=subprocess.PIPE,
    )
    for _ in range(2):
        await asyncio.to_thread(migrations.migrate, "projects", url)
    _, said = await other.communicate()
    assert (other.returncode, said.decode()) == (0, "")
    [row] = await ask(database.database, "select version_num from projects.alembic_version")
    assert row["version_num"] == migrations.heads("projects")
    insert = "insert into repos (url) values ('https://github.com/a/b') returning id"
    assert await ask(database.url("projects"), insert) == [(1,)]


async def test_who_serves_cannot_say_what_has_been_migrated(database: World) -> None:
    database.migrate("projects")
    for statement in ("update alembic_version set version_num = '0'", "delete from alembic_version"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ask(database.url("projects"), statement)
    assert await ask(database.url("projects"), "select version_num from alembic_version")
