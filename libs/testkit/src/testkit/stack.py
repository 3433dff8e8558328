"""The whole system, started as a user starts it, for end-to-end tests and measurements."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher.embedded.child import free_port

_READY_WITHIN = 90.0


@dataclass
class Stack:
    """`process` is the supervisor; everything else is read from the files it writes."""

    home: Path
    process: subprocess.Popen[str]
    seconds: float  # from start to ready

    @property
    def demo(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.home / "demo.json").read_text())
        return found

    @property
    def run(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.home / "run.json").read_text())
        return found

    @property
    def url(self) -> str:
        return str(self.demo["url"])

    @property
    def sandbox(self) -> str:
        return str(self.demo["sandbox"]["url"])

    def pid(self, name: str) -> int:
        """Of a process, of `postgres` or of `nats`."""
        if name in {"postgres", "nats"}:
            return int(self.run[name]["pid"])
        return int(self.run["processes"][name]["pid"])

    def logs(self) -> str:
        """The end of every log, for a failed test."""
        files = sorted((self.home / "logs").glob("*.log"))
        return "\n".join(f"== {file.name}\n{file.read_text()[-1500:]}" for file in files)


@contextmanager
def running_stack(home: Path, *options: str, **environment: str) -> Iterator[Stack]:
    """`./just up` in `home` on a free port. Raises RuntimeError with its words when it does not get ready."""
    home.mkdir(parents=True, exist_ok=True)
    said = home / "said.txt"
    variables = {"JOBSERVER_HOME": str(home), "JOBSERVER_PORT": str(free_port())}
    started = time.monotonic()
    with said.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "launcher.up", *options],
            env=os.environ | variables | environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        while "\nready " not in said.read_text():
            if process.poll() is not None or time.monotonic() - started > _READY_WITHIN:
                raise RuntimeError(f"the stack did not get ready:\n{said.read_text()}")
            time.sleep(0.02)
        yield Stack(home, process, time.monotonic() - started)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
