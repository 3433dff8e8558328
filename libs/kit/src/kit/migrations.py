"""Alembic for every service: one environment, one version table per schema."""

import asyncio
import os
import sys
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.ext.asyncio import create_async_engine


def config(service: str, url: str) -> Config:
    """Alembic's configuration for `<service>.migrations`; `url` is the owner role's."""
    settings = Config()
    settings.set_main_option("script_location", f"{service}:migrations")
    settings.set_main_option("version_path_separator", "os")
    settings.attributes["url"] = url
    settings.attributes["service"] = service
    return settings


def migrate(service: str, url: str) -> None:
    """To the newest revision. Several at once take turns."""
    command.upgrade(config(service, url), "head")


def heads(service: str) -> str:
    """What the newest revision is called, to see whether there is anything to do."""
    from alembic.script import ScriptDirectory

    return ",".join(sorted(ScriptDirectory.from_config(config(service, "")).get_heads()))


def run(metadata: MetaData) -> None:
    """What each service's `migrations/env.py` calls."""
    asyncio.run(_run(metadata))


async def _run(metadata: MetaData) -> None:
    attributes = context.config.attributes
    url = attributes["url"].replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_migrate, metadata, attributes["service"])
        await connection.commit()
    await engine.dispose()


def _migrate(connection: Connection, metadata: MetaData, service: str) -> None:
    connection.execute(text("select pg_advisory_xact_lock(hashtext(:key))"), {"key": f"migrate.{service}"})
    # A migration that waits for a lock would make everybody else wait behind it.
    connection.execute(text("set local lock_timeout = '5s'"))
    context.configure(connection=connection, target_metadata=metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
        # What has been migrated is for the owner to say, not for who serves requests.
        connection.execute(text(f"revoke insert, update, delete, truncate on alembic_version from {service}"))


def main() -> None:
    """`python -m kit.migrations <service> [revision message]`, with OWNER_DATABASE_URL."""
    service, *message = sys.argv[1:]
    settings = config(service, os.environ["OWNER_DATABASE_URL"])
    if not message:
        command.upgrade(settings, "head")
        return
    module = sys.modules.get(service) or __import__(service)
    versions = Path(module.__path__[0], "migrations", "versions")
    number = f"{len(list(versions.glob('[0-9]*.py'))) + 1:04d}"
    command.revision(settings, " ".join(message), autogenerate=True, rev_id=number)


if __name__ == "__main__":
    main()
