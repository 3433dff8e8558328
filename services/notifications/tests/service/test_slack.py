"""Slack's refusals (N3)."""

from typing import Any

import pytest
from contracts.identity import UserRegistered
from contracts.jobs import JobsStaffNotice
from testkit.world import World

from .conftest import ROSA, Hear, Outside, Send, Sender, send_all

NEW = UserRegistered(user_id=ROSA, username="rosa")


async def delivery(world: World) -> dict[str, Any]:
    [row] = await world.rows(
        "notifications",
        "select *, extract(epoch from next_attempt_at - now())::float as pause from deliveries",
    )
    return dict(row)


async def test_slack_is_left_alone_for_as_long_as_it_asked(
    hear: Hear, send: Send, outside: Outside, world: World, waited: Send
) -> None:
    await outside.fault("slack", "429", seconds=77)
    await hear("identity", NEW)
    await send()
    row = await delivery(world)
    assert row["status"] == "waiting"
    assert 70 < row["pause"] <= 77
    await waited()
    await send()
    assert (await delivery(world))["status"] == "delivered"
    assert len((await outside.state())["slack"]) == 1


@pytest.mark.parametrize("fault", ["500", "html", "garbage", "refuse"])
async def test_whatever_slack_answers_it_is_told_again(
    hear: Hear, send: Send, outside: Outside, world: World, waited: Send, fault: str
) -> None:
    await outside.fault("slack", fault, 2)
    await hear("identity", NEW)
    await send()
    row = await delivery(world)
    assert (row["status"], row["attempts"]) == ("waiting", 1)
    assert row["last_error"]
    for _ in range(2):
        await waited()
        await send()
    assert (await delivery(world))["status"] == "delivered"
    assert len((await outside.state())["slack"]) == 1


async def test_a_post_whose_answer_was_lost_is_repeated_under_the_same_key(
    hear: Hear, send: Send, outside: Outside, world: World, waited: Send
) -> None:
    await outside.fault("slack_after", "500")
    await hear("identity", NEW)
    await send()
    await waited()
    await send()
    row = await delivery(world)
    assert (row["status"], row["attempts"]) == ("delivered", 2)
    assert [one["key"] for one in (await outside.state())["slack"]] == [f"user:{ROSA}:registered"]


@pytest.mark.parametrize("broken", [{"slack_bot_token": ""}, {"slack_api_url": "http://127.0.0.1:1/"}])
async def test_what_an_operator_can_mend_is_tried_again(
    hear: Hear, sender: Sender, outside: Outside, world: World, waited: Send, broken: dict[str, str]
) -> None:
    await hear("identity", NEW)
    await send_all(sender(**broken))
    assert (await delivery(world))["status"] == "waiting"
    await waited()
    await send_all(sender())
    assert (await delivery(world))["status"] == "delivered"


async def test_the_channels_are_the_operators_choice(hear: Hear, sender: Sender, outside: Outside) -> None:
    await hear("identity", NEW)
    await send_all(sender(registrations_slack_channel="newcomers", base_url="https://jobs.example.org/"))
    [said] = (await outside.state())["slack"]
    assert said["channel"] == "newcomers"
    assert said["text"].endswith("<https://jobs.example.org/staff/users/rosa/|rosa>")


async def test_what_staff_should_look_at_is_told_once_with_a_link(
    hear: Hear, send: Send, outside: Outside
) -> None:
    told = JobsStaffNotice(
        told="cancellation:7", title="Not <cancelled>", text="Why", path="/job-requests/7/"
    )
    await hear("jobs", told)
    await hear("jobs", told)
    await send()
    [message] = (await outside.state())["slack"]
    assert message["channel"] == "job-server-alerts"
    assert message["text"].endswith("/job-requests/7/|Not &lt;cancelled&gt;>\nWhy")
