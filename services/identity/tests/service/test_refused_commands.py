"""What an operator gets wrong is said in one line, and changes nothing."""

import re
from typing import Any

import pytest
from identity.cli import commands
from testkit.commands import run_command
from testkit.world import World

from .conftest import Manage
from .told import announced_and_audited

REFUSED: list[tuple[tuple[str, ...], str]] = [
    (("create_user", "a b"), "'a b' cannot be a username"),
    (("create_user", ""), "'' cannot be a username"),
    (("create_user", "rosa"), "belongs to another account"),
    (
        ("create_user", "zoe", "--email", "Rosa@Example.org"),
        "The address Rosa@Example.org belongs to another",
    ),
    (("create_org", "a b"), "slug has letters"),
    (("create_org", "other", "--name", "uni"), "The organisation uni has that name"),
    (("create_backend", "a/b"), "slug has letters"),
    (("create_backend", ""), "slug has letters"),
    (("grant", "nobody", "OutputChecker"), "There is no user nobody"),
    (("grant", "ROSA", "OutputChecker"), "There is no user ROSA"),
    (("grant", "rosa", "Emperor"), "Emperor is not a role that can be given globally: Deployment"),
    (("grant", "rosa", "ProjectDeveloper"), "ProjectDeveloper is not a role that can be given globally"),
    (("revoke", "nobody", "OutputChecker"), "There is no user nobody"),
    (("add_to_backend", "rosa", "nowhere"), "There is no backend nowhere"),
    (("add_to_backend", "nobody", "tpp"), "There is no user nobody"),
    (("add_to_org", "nowhere", "rosa"), "There is no organisation nowhere"),
    (("add_to_org", "uni", "nobody"), "There is no user nobody"),
    (("add_member", "nowhere", "rosa"), "There is no project nowhere"),
    (("add_member", "study", "nobody"), "There is no user nobody"),
    (("add_member", "study", "rosa", "-r", "OutputChecker"), "OutputChecker is not a role that can be given"),
    (("create_login_token", "nobody"), "There is no user nobody"),
    (("create_login_token", "rosa"), "rosa does not have access to any backend"),
    (("replay_dead_letter", "7"), "There is no dead letter 7"),
]


@pytest.mark.parametrize(("words", "says"), REFUSED, ids=[" ".join(words) for words, _ in REFUSED])
async def test_bad_input_is_refused_in_words_and_changes_nothing(
    ready: None, manage: Manage, world: World, words: tuple[str, ...], says: str
) -> None:
    await world.rows("identity", "update users set email = 'rosa@example.org'")
    before = await announced_and_audited(world)
    refused = await manage(*words)
    assert refused.code == 1, refused.text
    assert says in refused.said["error"]
    assert len(refused.text.splitlines()) == 1
    assert await announced_and_audited(world) == before


async def test_without_json_an_answer_is_one_sentence(ready: None, settings: dict[str, Any]) -> None:
    done = await run_command(commands, settings, "add_to_backend", "rosa", "tpp")
    assert (done.code, done.text) == (0, "rosa may use tpp.\n")
    refused = await run_command(commands, settings, "add_to_backend", "nobody", "tpp")
    assert (refused.code, refused.text) == (1, "There is no user nobody.\n")
    assert (await run_command(commands, settings, "add_to_backend", "rosa")).code == 2
    made = await run_command(commands, settings, "create_backend", "west")
    assert re.fullmatch(r"Backend west: token \S{40,}\n", made.text)
    again = await run_command(commands, settings, "create_backend", "west")
    assert (again.code, again.text) == (
        0,
        "Backend west exists and keeps its token; --rotate makes a new one.\n",
    )


@pytest.mark.parametrize(
    ("words", "variable", "says"),
    [
        (("create_user", "zoe"), "github_api_url", "GitHub does not answer"),
        (("add_member", "elsewhere", "rosa"), "projects_url", "The projects service does not answer"),
    ],
)
async def test_a_neighbour_that_is_away_is_named(
    ready: None, settings: dict[str, Any], words: tuple[str, ...], variable: str, says: str
) -> None:
    away = settings | {variable: "http://127.0.0.1:1"}
    refused = await run_command(commands, away, *words, "--json")
    assert refused.code == 1
    assert says in refused.said["error"]
