"""A service's command line, run as an operator runs it: with its variables and nothing else."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import typer
from typer.testing import CliRunner


@dataclass(frozen=True)
class Ran:
    code: int
    said: Any  # what `--json` printed
    text: str


async def run_command(
    commands: typer.Typer, settings: Mapping[str, Any], *words: str, lines: str | None = None
) -> Ran:
    """In a thread, because commands start an event loop of their own. `lines` is standard input."""
    env = {name.upper(): _variable(value) for name, value in settings.items()}
    result = await asyncio.to_thread(CliRunner().invoke, commands, list(words), input=lines, env=env)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    printed = [orjson.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    return Ran(result.exit_code, printed[-1] if printed else None, result.output)


def _variable(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(f"{key}={item}" for key, item in value.items())
    return str(value)
