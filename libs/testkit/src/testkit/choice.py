"""Which servers the tests use, decided once for a run and all its workers, and why."""

import os
from collections.abc import MutableMapping

import docker

from testkit.engine import NoEngine, address, connect, has, pulled

POSTGRES = "postgres:17-alpine"
NATS = "nats:2.11-alpine"
STAND_IN = "jobserver.stand-in"  # the label of what deploy/stand-in makes
_NAMED = {"PostgreSQL": "TEST_DATABASE_URL", "NATS": "TEST_NATS_URL"}
_SERVERS, _NO_RYUK = "TEST_SERVERS", "TESTCONTAINERS_RYUK_DISABLED"


def in_containers() -> bool:
    return os.environ.get(_SERVERS) == "containers"


def choose(environment: MutableMapping[str, str] = os.environ) -> str:
    """Says the choice in a line, and leaves it in the environment, where xdist's workers find it."""
    named = {name: variable for name, variable in _NAMED.items() if environment.get(variable)}
    if len(named) == len(_NAMED):
        return "those that " + " and ".join(named.values()) + " name"
    if said := environment.get(_SERVERS):
        if said not in {"embedded", "containers"}:
            raise ValueError(f"TEST_SERVERS is embedded, containers or not set; it is {said}.")
        words = f"{said}, as TEST_SERVERS says"
    else:
        environment[_SERVERS], words = _found(environment)
    return words + "".join(f"; {name} is the one that {variable} names" for name, variable in named.items())


def _found(environment: MutableMapping[str, str]) -> tuple[str, str]:
    try:
        engine = connect()
    except NoEngine as exc:
        return "embedded", f"embedded, since {exc}"
    for image in (POSTGRES, NATS):
        if not has(engine, image) and not pulled(engine, image):
            return "embedded", f"embedded, since the engine has no image {image} and gets none"
    words = f"containers of the engine at {address()}, since it has the images"
    if engine.images.get(POSTGRES).labels.get(STAND_IN):
        words += " (stand-ins)"
    return "containers", f"{words}; {_ryuk(engine, environment)}"


def _ryuk(engine: docker.DockerClient, environment: MutableMapping[str, str]) -> str:
    """What removes containers when we are killed; without its image testcontainers would not start any."""
    from testcontainers.core.config import testcontainers_config as config

    if config.ryuk_disabled:
        return f"without Ryuk, as {_NO_RYUK} says"
    if has(engine, config.ryuk_image) or pulled(engine, config.ryuk_image):
        return "with Ryuk"
    environment[_NO_RYUK] = "true"
    config.ryuk_disabled = True
    return "without Ryuk, whose image cannot be had"
