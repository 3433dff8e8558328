"""What the command lines of all services share (I35, I36)."""

import asyncio
import getpass
import sys
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, NoReturn

import msgspec
import orjson
import typer
from sqlalchemy.exc import DBAPIError

from kit.errors import AppError, Invalid
from kit.logging import configure
from kit.problems import unstorable

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def operator() -> str:
    """Who is written into the audit trail for a command."""
    return f"operator:{getpass.getuser()}"


def run(
    work: Coroutine[Any, Any, dict[str, Any]], as_json: bool, sentence: str | Callable[[dict[str, Any]], str]
) -> None:
    """Run a use case and print its result: JSON, or `sentence` made with it. A refusal ends with 1."""
    configure("command", "WARNING")  # what is printed is the result, and nothing else
    try:
        result = asyncio.run(work)
    except AppError as refusal:
        _refuse(refusal, as_json)
    except DBAPIError as exc:
        if (invalid := unstorable(exc)) is None:
            raise
        _refuse(invalid, as_json)
    say = sentence if callable(sentence) else sentence.format_map
    print(orjson.dumps(result, default=str).decode() if as_json else say(result))


def _refuse(refusal: AppError, as_json: bool) -> NoReturn:
    if as_json:
        print(orjson.dumps({"error": refusal.detail, **refusal.extra}, default=str).decode())
    else:
        typer.echo(refusal.detail, err=True)
    raise typer.Exit(1) from refusal


def app(help_text: str) -> typer.Typer:
    """A service's command line, with `batch` for many commands in one process."""
    commands = typer.Typer(help=help_text, no_args_is_help=True, add_completion=False)

    @commands.command()
    def batch() -> None:
        """Run the commands on standard input, one JSON list of words a line; stop at the first refusal."""
        for line in sys.stdin:
            if line.strip() and (code := commands(_words(line), standalone_mode=False)):
                raise typer.Exit(code)

    return commands


def _words(line: str) -> list[str]:
    try:
        return msgspec.json.decode(line, type=list[str])
    except msgspec.DecodeError:
        _refuse(Invalid("Each line is a JSON list of words."), as_json=False)
