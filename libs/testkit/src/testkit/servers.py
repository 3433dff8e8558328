"""PostgreSQL and NATS for tests: those that TEST_*_URL name, in containers or from the wheels."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from launcher.embedded.nats import USERS, Nats
from launcher.embedded.postgres import Postgres

from testkit.choice import NATS, POSTGRES, in_containers


@contextmanager
def postgres_server(home: Path) -> Iterator[str]:
    """The superuser's URL of a server; the tests make their own databases on it."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
    elif in_containers():
        from testcontainers.core.container import DockerContainer
        from testcontainers.core.wait_strategies import ExecWaitStrategy

        # Over TCP, since while it is being made the server listens on its socket only.
        ready = ExecWaitStrategy(["pg_isready", "-q", "-h", "127.0.0.1"]).with_poll_interval(0.1)
        container = DockerContainer(POSTGRES).with_env("POSTGRES_PASSWORD", "test")
        container.with_command(["postgres", "-c", "fsync=off", "-c", "synchronous_commit=off"])
        with container.with_exposed_ports(5432).waiting_for(ready):
            yield f"postgresql://postgres:test@{_address(container, 5432)}/postgres"
    else:
        server = Postgres(home, "test", durable=False)
        server.start()
        try:
            yield server.url()
        finally:
            server.stop()


@contextmanager
def nats_server(home: Path) -> Iterator[str]:
    """The URL of a server with JetStream; streams belong to the whole server, so each worker has its own."""
    if url := os.environ.get("TEST_NATS_URL"):
        yield url
    elif in_containers():
        from testcontainers.core.container import DockerContainer
        from testcontainers.core.wait_strategies import LogMessageWaitStrategy

        ready = LogMessageWaitStrategy("Server is ready").with_poll_interval(0.1)
        container = DockerContainer(NATS).with_command(["-js"]).with_exposed_ports(4222)
        with container.waiting_for(ready):
            yield f"nats://{_address(container, 4222)}"
    else:
        server = Nats(home, dict.fromkeys(USERS, "test"))
        server.start()
        try:
            yield server.url()
        finally:
            server.stop()


def _address(container: Any, port: int) -> str:
    return f"{container.get_container_host_ip()}:{container.get_exposed_port(port)}"
