"""What the command lines of all services share (rulings 2.15)."""

import asyncio
import getpass
import sys
from collections.abc import Coroutine
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from kit.errors import AppError
from kit.logging import configure

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def operator() -> str:
    """Who is written into the audit trail for a command."""
    return f"operator:{getpass.getuser()}"


def run(work: Coroutine[Any, Any, dict[str, Any]], as_json: bool, sentence: str) -> None:
    """Run a use case and print its result: JSON, or `sentence` formatted with it. A refusal ends with 1."""
    configure("command", "WARNING")  # what is printed is the result, and nothing else
    try:
        result = asyncio.run(work)
    except AppError as refusal:
        if as_json:
            print(orjson.dumps({"error": refusal.detail, **refusal.extra}, default=str).decode())
        else:
            Console(stderr=True, highlight=False).print(refusal.detail)
        raise typer.Exit(1) from refusal
    print(orjson.dumps(result, default=str).decode() if as_json else sentence.format(**result))


def app(help_text: str) -> typer.Typer:
    """A service's command line, with `batch` for many commands in one process."""
    commands = typer.Typer(help=help_text, no_args_is_help=True, add_completion=False)

    @commands.command()
    def batch() -> None:
        """Run the commands on standard input, one JSON list of words a line; stop at the first refusal."""
        for line in sys.stdin:
            if line.strip() and (code := commands(orjson.loads(line), standalone_mode=False)):
                raise typer.Exit(code)

    return commands
