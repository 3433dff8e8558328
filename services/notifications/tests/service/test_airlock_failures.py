"""Steps of release requests while GitHub or Slack is away: each is told once, and in order."""

import pytest
from notifications.dispatcher import Dispatcher
from testkit.world import World

from .conftest import Hear, Outside, Send, Sender, send_all, step, waiting


async def test_later_steps_wait_for_the_one_that_failed(
    hear: Hear, send: Send, outside: Outside, waited: Send
) -> None:
    await outside.fault("github_search", "500", 2)
    kinds = ["submitted", "partially_reviewed", "reviewed", "returned", "withdrawn"]
    await hear("releases", *(step(number, kind) for number, kind in enumerate(kinds, 1)))
    await send()
    assert not outside.comments()
    for _ in range(2):
        await waited()
        await send()
    assert len((await outside.state())["issues"]) == 1
    assert [comment.splitlines()[-1] for comment in outside.comments()] == [
        "- request reviewed once by user otis",
        "- request reviewed twice by user otis",
        "- request returned by user otis",
        "Issue closed: request withdrawn by user otis",
    ]


async def test_requests_do_not_wait_for_each_other(
    hear: Hear, dispatcher: Dispatcher, outside: Outside
) -> None:
    await outside.fault("github_search", "500", 1)
    await hear("releases", step(1, "submitted"))
    await dispatcher.once("github")
    await hear("releases", step(2, "submitted", request="02OTHER"))
    await dispatcher.once("github")
    assert [issue["title"] for issue in (await outside.state())["issues"]] == ["demo-workspace 02OTHER"]


@pytest.mark.parametrize("kind", ["drop", "hang"])
async def test_an_issue_whose_making_was_not_confirmed_is_not_made_twice(
    hear: Hear, sender: Sender, outside: Outside, waited: Send, world: World, kind: str
) -> None:
    await outside.fault("github_issues_after", kind, seconds=2)
    await hear("releases", step(1, "submitted"))
    await send_all(sender(timeout=0.4))
    assert await waiting(world) == [("airlock:1:github", "waiting")]
    await waited()
    await send_all(sender())
    assert await waiting(world) == []
    assert len((await outside.state())["issues"]) == 1


@pytest.mark.parametrize("kind", ["drop", "hang"])
async def test_a_comment_whose_making_was_not_confirmed_is_not_made_twice(
    hear: Hear, send: Send, sender: Sender, outside: Outside, waited: Send, world: World, kind: str
) -> None:
    await hear("releases", step(1, "submitted"))
    await send()
    await outside.fault("github_issues_after", kind, seconds=2)
    await hear("releases", step(2, "returned"))
    await send_all(sender(timeout=0.4))
    assert ("airlock:2:github", "waiting") in await waiting(world)
    await waited()
    await send_all(sender())
    assert await waiting(world) == []
    found = await outside.state()
    assert len(found["comments"]) == 1
    assert found["issues"][0]["labels"] == ["With requester", "external"]
    assert f"#issuecomment-{found['comments'][0]['id']}|" in found["slack"][0]["text"]


async def test_a_label_that_fails_repeats_no_comment(
    hear: Hear, send: Send, outside: Outside, waited: Send
) -> None:
    """Comment and label are two calls, of which the first may be done already."""
    await hear("releases", step(1, "submitted"), step(2, "approved"))
    await outside.fault("github_labels", "500", 2)
    for _ in range(3):
        await send()
        await waited()
    assert len(outside.comments()) == 1
    assert (await outside.state())["issues"][0]["labels"] == ["external"]


@pytest.mark.parametrize("fault", ["500", "html", "drop", "429", "garbage"])
async def test_whatever_github_answers_the_step_is_tried_again(
    hear: Hear, send: Send, outside: Outside, waited: Send, world: World, fault: str
) -> None:
    await outside.fault("github_issues", fault, 4)
    await hear("releases", step(1, "submitted"))
    await send()
    assert await waiting(world) == [("airlock:1:github", "waiting")]
    for _ in range(4):
        await waited()
        await send()
    assert await waiting(world) == []
    assert len((await outside.state())["issues"]) == 1


async def test_mail_and_slack_go_out_while_github_is_away(
    hear: Hear, sender: Sender, outside: Outside, waited: Send, world: World
) -> None:
    """After three failures Slack says so, without a link; the comment follows later."""
    away = sender(github_api_url="http://127.0.0.1:1")
    await hear("releases", step(1, "submitted"), step(2, "returned"))
    await send_all(away)
    assert len(outside.mails()) == 1
    assert not (await outside.state())["slack"], "the link may still come"
    for _ in range(2):
        await waited()
        await send_all(away)
    [said] = (await outside.state())["slack"]
    assert said["text"].splitlines() == [
        "demo-workspace 01REQUEST has been updated",
        "- request returned by user otis",
        "A GitHub error occurred: GitHub does not answer just now.",
    ]
    await waited()
    await send_all(sender())
    assert len(outside.comments()) == 1
    assert len((await outside.state())["slack"]) == 1
    assert await waiting(world) == []


async def test_github_goes_on_while_slack_is_away(
    hear: Hear, sender: Sender, outside: Outside, waited: Send, world: World
) -> None:
    steps = [step(1, "submitted"), step(2, "reviewed"), step(3, "returned")]
    await hear("releases", *steps)
    await send_all(sender(slack_api_url="http://127.0.0.1:1/"))
    assert len(outside.comments()) == 2
    assert await waiting(world) == [("airlock:2:slack", "waiting"), ("airlock:3:slack", "waiting")]
    await waited()
    await send_all(sender())
    lines = [one["text"].splitlines()[1] for one in (await outside.state())["slack"]]
    assert lines == ["- request reviewed twice by user otis", "- request returned by user otis"]
