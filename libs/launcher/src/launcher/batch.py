"""Commands of a service, run in a fork that has its variables."""

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

from kit.process import load

from launcher.configuration import Plan
from launcher.supervisor import fork


def run(home: Path, plan: Plan, service: str, lines: list[list[str]]) -> list[dict[str, Any]]:
    """What each printed. Exits with the log when one is refused."""
    out, log = home / f"batch-{service}.json", home / "logs" / f"batch-{service}.log"

    def work() -> None:
        os.environ.clear()
        os.environ.update(plan.environment(service))
        sys.stdin = io.StringIO("\n".join(json.dumps([*line, "--json"]) for line in lines))
        sys.stdout = out.open("w")
        code = load(f"{service}.cli:commands")(["batch"], standalone_mode=False)
        sys.stdout.flush()
        if code:
            sys.exit(f"a command was refused: {out.read_text()}")

    _, status = os.waitpid(fork(log, work), 0)
    if status:
        sys.exit(f"Commands of {service} were refused:\n{log.read_text(errors='replace')[-3000:]}")
    said = [json.loads(line) for line in out.read_text().splitlines()]
    out.unlink()
    return said
