"""What a submitted form makes."""

import asyncio
from typing import Any

import pytest
from clients.jobs import JobsClient
from jobs.study import Studies
from kit.errors import Invalid
from kit.github import GitHub
from testkit.plugin import Speak
from testkit.world import World, person

from .conftest import Made
from .submitting import CREATED, ROSA, submit


async def test_a_request_is_made_with_its_file_and_a_fact(
    made: Made, speak: Speak, head: str, world: World
) -> None:
    client = JobsClient(speak(by=ROSA))
    request_id = await submit(
        client, head, ["report", "report"], force_run_dependencies=True, will_notify=True
    )
    found = await client.request(request_id)
    assert (found.status, found.submitting, found.requested_actions) == ("pending", True, ["report"])
    assert (found.sha, found.branch, found.force_run_dependencies, found.will_notify) == (
        head,
        "main",
        True,
        True,
    )
    assert found.commit_message == "Add the sensitivity analysis and the report"
    assert found.created_by.username == "rosa"
    assert (await client.definition(request_id)).startswith("version:")
    assert len(found.pipeline) == 12
    assert await world.announced("jobs") == [CREATED]


async def test_the_same_form_makes_one_request_however_often_it_is_sent(
    made: Made, speak: Speak, head: str, world: World
) -> None:
    client = JobsClient(speak(by=ROSA))
    ids = await asyncio.gather(*(submit(client, head, ["report"]) for _ in range(5)))
    assert len(set(ids)) == 1
    assert await world.announced("jobs") == [CREATED]
    other = person(2, "ravi", projects={"ProjectDeveloper": [1]}, backends=["tpp"])
    assert await submit(JobsClient(speak(by=other)), head, ["report"]) not in ids
    assert await submit(client, head, ["report"], key="z" * 16) not in ids


async def test_run_all_is_an_action_of_every_file(made: Made, speak: Speak, head: str) -> None:
    assert await submit(JobsClient(speak(by=ROSA)), head, ["run_all"])


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"actions": []}, "requested_actions"),
        ({"actions": ["nosuch"]}, "requested_actions"),
        ({"actions": ["report", "a\0b"]}, "requested_actions"),
        ({"backend": "emis"}, "backend"),
        ({"backend": ""}, "backend"),
        ({"sha": "main"}, "sha"),
        ({"sha": "A" * 40}, "sha"),
        ({"key": "short"}, "key"),
    ],
)
async def test_wrong_input_is_refused_by_field(
    made: Made, speak: Speak, head: str, world: World, more: dict[str, Any], field: str
) -> None:
    values = {"sha": head, "actions": ["report"]} | more
    with pytest.raises(Invalid) as refusal:
        await submit(JobsClient(speak(by=ROSA)), values.pop("sha"), values.pop("actions"), **values)
    assert field in refusal.value.extra["fields"]
    assert not await world.rows("jobs", "select from job_requests")


async def test_a_commit_that_is_not_there_is_refused(made: Made, speak: Speak) -> None:
    with pytest.raises(Invalid, match="not on the branch"):
        await submit(JobsClient(speak(by=ROSA)), "c" * 40, ["report"])


@pytest.mark.parametrize("away", [False, True])
async def test_a_commits_message_may_stay_unknown(outside: str, head: str, away: bool) -> None:
    repo, api = "https://github.com/opensafely/demo-study", f"{outside}/github/api"
    studies = Studies(GitHub("http://127.0.0.1:1" if away else api, ""), outside)
    message = "" if away else "Add the sensitivity analysis and the report"
    assert await studies.commit_message(repo, head) == message
    assert await studies.commit_message(repo, "0" * 40) == ""
    await studies.close()
