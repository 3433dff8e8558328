"""The system of docker-compose.yml with its demo world, as `deploy/demo` starts it."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from launcher.embedded.child import free_port
from testkit.visitor import Visitor

DEMO = Path(__file__).parents[2] / "deploy" / "demo"


@dataclass
class System:
    environment: dict[str, str]

    def compose(self, *words: str, within: float = 120) -> str:
        """What it printed. Raises AssertionError with all it said when it fails."""
        done = subprocess.run(
            [str(DEMO), *words],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=within,
        )
        assert done.returncode == 0, f"{words}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def inside(self, service: str, *command: str) -> str:
        return self.compose("exec", "-T", service, *command)

    @cached_property
    def demo(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.inside("sandbox", "cat", "/data/demo.json"))
        return told

    @property
    def url(self) -> str:
        return str(self.demo["url"])

    @property
    def sandbox(self) -> str:
        return str(self.demo["sandbox"]["url"])


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Started once. `run.py` looks afterwards whether anything of it is left."""
    ports = {"JOBSERVER_PORT": str(free_port()), "SANDBOX_PORT": str(free_port())}
    made = System(ports | {"JOBSERVER_HOME": str(tmp_path_factory.mktemp("containers"))})
    try:
        made.compose(within=900)
        yield made
    finally:
        made.compose("down", "--volumes", "--timeout", "5")


@pytest.fixture
def rosa(system: System) -> Iterator[Visitor]:
    """A researcher of the demo project, logged in."""
    with Visitor(system) as visitor:
        visitor.control("speed", {"seconds_per_job": 0.3})
        visitor.control("actions/report", {})
        visitor.log_in("rosa")
        yield visitor
