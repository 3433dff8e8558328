"""Roles, schemas and extensions, the same for the embedded stack, compose and the tests."""

import asyncio
import json
import os
import secrets
from collections.abc import Mapping

import asyncpg
from contracts.catalogue import SERVICES

_LOCK = 7_001


async def bootstrap(superuser_url: str, passwords: Mapping[str, str | None]) -> None:
    """Idempotent. `passwords` has `<service>` and `<service>_owner`; None: as it is, or a random one.

    The owner role makes tables; the runtime role may use its own schema and no other.
    """
    connection = await asyncpg.connect(superuser_url)
    try:
        # Roles belong to the whole cluster: databases that are set up at the same time take turns.
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        await connection.execute("create extension if not exists pg_trgm schema public")
        await connection.execute("revoke create on schema public from public")
        for service in SERVICES:
            await _service(connection, service, passwords)
    finally:
        await connection.close()


async def _service(connection: asyncpg.Connection, service: str, passwords: Mapping[str, str | None]) -> None:
    owner = f"{service}_owner"
    for role in (owner, service):
        await _role(connection, role, passwords.get(role))
        await connection.execute(f"alter role {role} set search_path = {service}, public")
    await connection.execute(
        f"""
        create schema if not exists {service} authorization {owner};
        revoke all on schema {service} from public;
        grant usage on schema {service} to {service};
        alter default privileges for role {owner} in schema {service}
          grant select, insert, update, delete on tables to {service};
        alter default privileges for role {owner} in schema {service} grant usage on sequences to {service};
        """
    )


async def _role(connection: asyncpg.Connection, role: str, password: str | None) -> None:
    exists = await connection.fetchval("select true from pg_roles where rolname = $1", role)
    if exists and password is None:
        return
    # A DDL statement takes no parameters, so PostgreSQL itself quotes the password.
    quoted = await connection.fetchval("select quote_literal($1)", password or secrets.token_urlsafe(24))
    verb = "alter" if exists else "create"
    await connection.execute(f"{verb} role {role} login password {quoted}")


def main() -> None:
    """`python -m kit.bootstrap`: SUPERUSER_DATABASE_URL, and DATABASE_PASSWORDS as a JSON object."""
    asyncio.run(bootstrap(os.environ["SUPERUSER_DATABASE_URL"], json.loads(os.environ["DATABASE_PASSWORDS"])))


if __name__ == "__main__":
    main()
