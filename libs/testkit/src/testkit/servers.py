"""PostgreSQL and NATS for tests: TEST_*_URL wins, then an engine unless it is refused, then the wheels."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from launcher.embedded.nats import USERS, Nats
from launcher.embedded.postgres import Postgres


@contextmanager
def postgres_server(home: Path) -> Iterator[str]:
    """The superuser's URL of a server; the tests make their own databases on it."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
    elif docker_answers():
        from testcontainers.postgres import PostgresContainer

        with PostgresContainer("postgres:17-alpine", driver=None) as container:
            yield container.get_connection_url()
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
    elif docker_answers():
        from testcontainers.core.container import DockerContainer
        from testcontainers.core.waiting_utils import wait_for_logs

        with DockerContainer("nats:2.11-alpine").with_command("-js").with_exposed_ports(4222) as container:
            wait_for_logs(container, "Server is ready")
            yield f"nats://{container.get_container_host_ip()}:{container.get_exposed_port(4222)}"
    else:
        server = Nats(home, dict.fromkeys(USERS, "test"))
        server.start()
        try:
            yield server.url()
        finally:
            server.stop()


def docker_answers() -> bool:
    """Whether an engine is there and wanted; asked cheaply, since on most machines none is."""
    if os.environ.get("TEST_SERVERS") == "embedded" or not (
        os.environ.get("DOCKER_HOST") or Path("/var/run/docker.sock").exists()
    ):
        return False
    import docker
    from docker.errors import DockerException

    try:
        return bool(docker.from_env(timeout=2).ping())
    except DockerException:
        return False
