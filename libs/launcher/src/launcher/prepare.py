"""Database, roles, schemas and streams, ready to be used; safe to repeat."""

import asyncio

import asyncpg
from contracts.catalogue import SERVICES
from kit.bootstrap import bootstrap
from kit.migrations import heads, migrate
from messaging import topology

from launcher.configuration import Plan
from launcher.embedded.nats import ADMIN


def prepare(plan: Plan, superuser_url: str) -> None:
    """Migrations run only where the newest revision is not there yet, since each costs a second."""
    url = superuser_url.rsplit("/", 1)[0] + "/jobserver"
    asyncio.run(_database(superuser_url))
    asyncio.run(bootstrap(url, plan.secrets.databases))
    present = asyncio.run(_versions(url))
    for service in SERVICES:
        if present.get(service) != heads(service):
            migrate(service, plan.database_url(f"{service}_owner"))
    asyncio.run(topology.apply(plan.nats_url(ADMIN)))


async def _database(superuser_url: str) -> None:
    connection = await asyncpg.connect(superuser_url)
    try:
        if not await connection.fetchval("select true from pg_database where datname = 'jobserver'"):
            await connection.execute("create database jobserver")
    finally:
        await connection.close()


async def _versions(url: str) -> dict[str, str]:
    connection = await asyncpg.connect(url)
    try:
        found = {}
        for service in SERVICES:
            if await connection.fetchval("select to_regclass($1)", f"{service}.alembic_version"):
                found[service] = await connection.fetchval(
                    f"select version_num from {service}.alembic_version"
                )
        return found
    finally:
        await connection.close()
