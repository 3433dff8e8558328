"""Commands for operators (J57)."""

from typing import Any

import pytest
from jobs.cli import commands
from testkit.commands import Ran, run_command
from testkit.world import World

from .conftest import Made, Projects


async def run(settings: dict[str, Any], *words: str) -> Ran:
    return await run_command(commands, settings, *words, "--json")


async def test_actions_are_asked_for_in_somebodys_name(
    made: Made, settings: dict[str, Any], world: World, head: str, projects: Projects
) -> None:
    ran = await run(
        settings, "create_rap", "demo-workspace", "rosa", "tpp", "-a", "report", "-a", "figure_rates"
    )
    assert ran.code == 0, ran.text
    [row] = await world.rows("jobs", "select * from job_requests")
    assert (ran.said["id"], row["created_by_id"], row["sha"]) == (row["id"], 1, head)
    assert row["requested_actions"] == ["report", "figure_rates"]
    assert await world.announced("jobs") == ["jobs.job_request.created.v1"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("demo-workspace", "nobody", "tpp", "-a", "report"), "no user nobody"),
        (("nosuch", "rosa", "tpp", "-a", "report"), "no such workspace"),
        (("demo-workspace", "rosa", "tpp", "-a", "report", "--commit", "f" * 40), "does not have the commit"),
    ],
)
async def test_what_cannot_be_asked_for_is_refused_in_words(
    made: Made, settings: dict[str, Any], projects: Projects, words: tuple[str, ...], says: str
) -> None:
    ran = await run(settings | {"identity_url": projects.url}, "create_rap", *words)
    assert ran.code == 1
    assert says in ran.said["error"]


async def test_somebody_unknown_while_identity_is_away_may_exist(
    made: Made, settings: dict[str, Any], projects: Projects
) -> None:
    ran = await run(settings, "create_rap", "demo-workspace", "nobody", "tpp", "-a", "report")
    assert ran.code == 1
    assert "identity service does not answer" in ran.said["error"]
