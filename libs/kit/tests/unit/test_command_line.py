"""What the command lines of all services share."""

import getpass
from typing import Any

import pytest
import typer
from kit import cli, logging
from kit.errors import Conflict
from testkit.commands import Ran, run_command

LONG = "A refusal " + "that is longer than any terminal is wide " * 10 + "[/b] ends."


async def greet(name: str) -> dict[str, Any]:
    if name == "nobody":
        raise Conflict(LONG, other=[1])
    if name == "broken":
        raise RuntimeError("a fault of ours")
    return {"name": name, "by": cli.operator()}


@pytest.fixture
def commands() -> typer.Typer:
    made = cli.app("Greets.")

    @made.command("greet")
    def _(name: str, as_json: cli.AsJson = False) -> None:
        cli.run(greet(name), as_json, "Hello {name}.")

    return made


@pytest.fixture(autouse=True)
def log_again() -> Any:
    """A command says how it logs."""
    yield
    logging.configure("tests")


async def run(commands: typer.Typer, *words: str, lines: str | None = None) -> Ran:
    return await run_command(commands, {}, *words, lines=lines)


async def test_a_result_is_a_sentence_or_one_json_object(commands: typer.Typer) -> None:
    assert (await run(commands, "greet", "{ada} [b]")).text == "Hello {ada} [b].\n"
    ran = await run(commands, "greet", "ada", "--json")
    assert ran.said == {"name": "ada", "by": f"operator:{getpass.getuser()}"}
    assert (ran.code, ran.text.count("\n")) == (0, 1)


async def test_a_refusal_is_one_line_however_long_and_whatever_it_says(commands: typer.Typer) -> None:
    ran = await run(commands, "greet", "nobody")
    assert (ran.code, ran.text) == (1, LONG + "\n")
    ran = await run(commands, "greet", "nobody", "--json")
    assert (ran.code, ran.said) == (1, {"error": LONG, "other": [1]})


async def test_a_fault_of_ours_is_not_taken_for_a_refusal(commands: typer.Typer) -> None:
    with pytest.raises(RuntimeError, match="a fault of ours"):
        await run(commands, "greet", "broken")


async def test_a_batch_stops_at_the_first_refusal(commands: typer.Typer) -> None:
    lines = '["greet", "one"]\n\n  \n["greet", "two words"]\n["greet", "nobody"]\n["greet", "three"]\n'
    ran = await run(commands, "batch", lines=lines)
    assert ran.code == 1
    assert sorted(ran.text.splitlines()) == sorted([LONG, "Hello one.", "Hello two words."])


async def test_an_empty_batch_is_well(commands: typer.Typer) -> None:
    assert (await run(commands, "batch", lines="")).code == 0
    assert (await run(commands, "batch", lines='["greet", "one"]')).text == "Hello one.\n"


async def test_a_line_of_a_batch_that_is_no_list_of_words_ends_it(commands: typer.Typer) -> None:
    for line in ("greet one", '"greet"', '{"greet": 1}', "[1]", "[", '["greet", null]'):
        ran = await run(commands, "batch", lines=f'{line}\n["greet", "one"]\n')
        assert (ran.code, ran.text) == (1, "Each line is a JSON list of words.\n"), line


async def test_a_command_that_does_not_exist_so_ends_a_batch(commands: typer.Typer) -> None:
    for line in ('["no_such_command"]', '["greet"]', '["greet", "one", "--colour"]', "[]"):
        ran = await run(commands, "batch", lines=f'{line}\n["greet", "after"]\n')
        assert ran.code == 2, line
        assert "after" not in ran.text
