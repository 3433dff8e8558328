"""Steps of release requests on GitHub, on Slack and by mail (spec/notifications.md §1; numbers are of §5)."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from contracts.identity import OrgState, UserState
from contracts.projects import ProjectState
from fastapi import FastAPI
from kit.http import Client
from messaging import consumer
from messaging.owners import Owners
from messaging.replicas import write
from messaging.uow import Units
from notifications import replicas
from notifications.dispatcher import Dispatcher
from prometheus_client import REGISTRY
from testkit.bus import Bus
from testkit.world import World, running

from .conftest import OTIS, ROSA, Hear, Outside, Send, Sender, send_all, step, subscription

REPO_URL = "https://github.com/opensafely/demo-study"
REPO = ("ebmdatalab", "opensafely-output-review")

# event -> phrase, status label afterwards, Slack, subject of the mail (§1.1, §1.6; cases 1, 2 and 14)
STEPS: dict[str, tuple[str, str | None, bool, str | None]] = {
    "resubmitted": ("request resubmitted", "Pending review", True, None),
    "partially_reviewed": ("request reviewed once", "Under review", True, None),
    "reviewed": ("request reviewed twice", "Under review", True, None),
    "returned": (
        "request returned",
        "With requester",
        True,
        "Release request returned: demo-workspace (01REQUEST)",
    ),
    "approved": ("request approved", None, True, "Release request approved for workspace demo-workspace"),
    "released": ("request released", None, False, "Files released for workspace demo-workspace"),
    "rejected": (
        "request rejected",
        None,
        False,
        "Release request rejected: demo-workspace (01REQUEST)",
    ),
    "withdrawn": ("request withdrawn", None, False, None),
}
CLOSING = {"released", "rejected", "withdrawn"}


async def waiting(world: World) -> list[tuple[str, str]]:
    rows = await world.rows("notifications", "select key, status from deliveries order by id")
    return [(row["key"], row["status"]) for row in rows if row["status"] != "delivered"]


async def test_submitting_opens_an_issue_and_tells_nobody_else(
    hear: Hear, send: Send, outside: Outside
) -> None:
    await hear("releases", step(1, "submitted"))
    await send()
    found = await outside.state()
    [issue] = found["issues"]
    assert (issue["owner"], issue["name"]) == REPO
    assert issue["title"] == "demo-workspace 01REQUEST"
    assert (issue["state"], issue["labels"]) == ("open", ["external", "Pending review"])
    assert issue["body"].splitlines() == [
        "Requested by: [Rosa](http://jobs.test/staff/users/rosa/)",
        "Release request ID: 01REQUEST",
        "GitHub repo: [demo-study](https://github.com/opensafely/demo-study)",
        "Workspace: [demo-workspace](http://jobs.test/demo-project/demo-workspace/)",
        "",
        "**When you start a review please react to this issue with :eyes:. "
        "When you have completed your review add a :thumbsup:.**",
    ]
    assert (found["comments"], found["slack"], outside.mails()) == ([], [], [])


@pytest.mark.parametrize("kind", STEPS)
async def test_each_later_step_is_told_as_the_table_says(
    hear: Hear, send: Send, outside: Outside, kind: str
) -> None:
    phrase, label, on_slack, subject = STEPS[kind]
    updates = [{"update": "2 files will be uploaded"}]
    await hear("releases", step(1, "submitted"), step(2, kind, updates=updates))
    await send()
    found = await outside.state()
    [issue] = found["issues"]
    assert issue["state"] == ("closed" if kind in CLOSING else "open")
    assert issue["labels"] == sorted(["external", *([label] if label else [])])
    lines = [f"- {phrase} by user otis", "- 2 files will be uploaded"]
    if kind in CLOSING:
        assert outside.comments() == [f"Issue closed: {phrase} by user otis"]
    else:
        assert outside.comments() == ["\n".join(["Release request updated:", *lines])]
    link = "https://github.com/ebmdatalab/opensafely-output-review/issues/1#issuecomment-"
    head = f"<{link}{found['comments'][0]['id']}|demo-workspace 01REQUEST has been updated>"
    said = [("opensafely-outputs", "\n".join([head, *lines]))] if on_slack else []
    assert [(one["channel"], one["text"]) for one in found["slack"]] == said
    assert [mail["Subject"] for mail in outside.mails()] == ([subject] if subject else [])
    assert outside.recipients() == (["rosa@example.org"] if subject else []), "the author, never who did it"


@pytest.mark.parametrize("kind", ["approved", "released", "rejected", "returned"])
async def test_a_mail_lists_the_updates_without_the_first_line(
    hear: Hear, send: Send, outside: Outside, kind: str
) -> None:
    """Case 9."""
    await hear("releases", step(1, kind, updates=[{"update": "2 files will be uploaded"}]))
    await send()
    [mail] = outside.mails()
    for body in (mail.get_body((kind,)) for kind in ("plain", "html")):
        assert body is not None
        text = body.get_content()
        assert "2 files will be uploaded" in text
        assert "by user otis" not in text
        assert "demo-workspace" in text
        link = "http://jobs.test/demo-project/demo-workspace/releases/01REQUEST/"
        assert (link in text) == (kind in {"approved", "released"})


async def test_a_missing_first_step_is_made_up_for(hear: Hear, send: Send, outside: Outside) -> None:
    """One lost `submitted` once meant that every later step was lost too (§1.4)."""
    await hear("releases", step(2, "returned"))
    await send()
    found = await outside.state()
    assert [issue["labels"] for issue in found["issues"]] == [["With requester", "external"]]
    assert len(found["comments"]) == len(found["slack"]) == 1
    await hear("releases", step(1, "submitted"))
    await send()
    assert len((await outside.state())["issues"]) == 1


async def test_nothing_is_opened_only_to_be_closed(
    hear: Hear, send: Send, outside: Outside, world: World
) -> None:
    """A withdrawal of what was never submitted (§1.1, §6)."""
    await hear("releases", step(1, "withdrawn"))
    await send()
    found = await outside.state()
    assert (found["issues"], found["comments"]) == ([], [])
    assert await waiting(world) == []


async def test_an_issue_whose_title_only_contains_the_request_is_another_one(
    hear: Hear, send: Send, outside: Outside, world: World
) -> None:
    await hear("releases", step(1, "submitted"))
    await send()
    await hear("releases", step(2, "submitted", request="01REQ"), step(3, "returned", request="01REQUES"))
    await send()
    found = await outside.state()
    assert [issue["title"] for issue in found["issues"]] == [
        f"demo-workspace {request}" for request in ("01REQUEST", "01REQ", "01REQUES")
    ]
    assert found["issues"][2]["labels"] == ["With requester", "external"]
    assert "With requester" not in found["issues"][0]["labels"]


async def test_members_of_the_house_are_internal(
    hear: Hear, send: Send, outside: Outside, units: Units
) -> None:
    """Case 10."""
    rosa = UserState(id=ROSA, version=2, username="rosa", fullname="Rosa", org_ids=[1])
    async with units() as uow:
        await write(uow.session, replicas.USERS, [rosa])
    await hear("releases", step(1, "submitted"))
    await send()
    assert (await outside.state())["issues"][0]["labels"] == ["internal", "Pending review"]


async def test_a_repository_without_our_labels_gets_its_issue_without_them(
    hear: Hear, send: Send, outside: Outside
) -> None:
    """Cases 3 and 10: Airlock names the repository itself."""
    await hear("releases", step(1, "submitted", org="elsewhere", repo="checks"))
    await send()
    [issue] = (await outside.state())["issues"]
    assert (issue["owner"], issue["name"], issue["labels"]) == ("elsewhere", "checks", [])


async def test_an_organisation_that_checks_its_own_outputs_has_its_own_repository(
    hear: Hear, send: Send, outside: Outside, units: Units
) -> None:
    """Case 4; a payload with an organisation alone says nothing."""
    async with units() as uow:
        await write(
            uow.session,
            replicas.ORGS,
            [OrgState(id=9, version=1, slug="university-of-bristol", name="Bristol")],
        )
        await write(
            uow.session,
            replicas.PROJECTS,
            [ProjectState(id=1, version=2, slug="demo-project", name="Demo", org_ids=[1, 9])],
        )
    await hear("releases", step(1, "submitted", org="elsewhere"))
    await send()
    [issue] = (await outside.state())["issues"]
    assert (issue["owner"], issue["name"]) == ("ebmdatalab", "opensafely-output-review-bristol")


async def test_labels_of_people_stay(hear: Hear, send: Send, outside: Outside) -> None:
    """Cases 11 and 12."""
    await hear("releases", step(1, "submitted"))
    await send()
    outside.store("""update issues set labels = '["external", "Pending review", "urgent"]'""")
    await hear("releases", step(2, "approved"))
    await send()
    assert (await outside.state())["issues"][0]["labels"] == ["external", "urgent"]
    await hear("releases", step(3, "released"))
    await send()
    assert (await outside.state())["issues"][0]["labels"] == ["external", "urgent"]


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
    """The reference posts the comment three times (§1.4); case 13."""
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
    """Cases 5 and 6: after three failures Slack says so, without a link; the comment follows later."""
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


async def test_words_of_people_are_words_on_github_and_on_slack(
    hear: Hear, send: Send, outside: Outside, units: Units
) -> None:
    rosa = UserState(id=ROSA, version=2, username="rosa", fullname="x](https://evil.example) <img>[y")
    async with units() as uow:
        await write(uow.session, replicas.USERS, [rosa])
    updates = [{"update": "a\n- b", "group": "<!channel> & <https://evil.example|this>"}]
    await hear("releases", step(1, "submitted"), step(2, "returned", updates=updates))
    await send()
    found = await outside.state()
    assert found["issues"][0]["body"].startswith("Requested by: [x\\](https://evil.example) \\<img>\\[y](")
    assert outside.comments()[0].splitlines()[2:] == [
        "- a - b (filegroup \\<!channel> & \\<https://evil.example|this>)"
    ]
    assert found["slack"][0]["text"].splitlines()[2:] == [
        "- a - b (filegroup &lt;!channel&gt; &amp; &lt;https://evil.example|this&gt;)"
    ]


async def test_a_step_told_before_its_people_are_known_is_heard_again(
    bus: Callable[[str], Bus], units: Units, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "BACKOFF", (0.05,) * 200)
    await world.rows("notifications", "update known_users set id = 22 where id = $1", OTIS)
    receiver = bus("notifications")
    labels = {"consumer": "notifications-releases", "outcome": "failed"}

    def failures() -> float:
        return REGISTRY.get_sample_value("messages_total", labels) or 0

    before = failures()
    heard = asyncio.create_task(
        receiver.deliver(subscription("notifications-releases"), step(1, "submitted"))
    )
    async with asyncio.timeout(10):
        while failures() < before + 2:
            await asyncio.sleep(0.01)
    assert not await world.rows("notifications", "select from deliveries")
    await world.rows("notifications", "update known_users set id = $1 where id = 22", OTIS)
    await heard
    assert len(await world.rows("notifications", "select from deliveries")) == 1
    assert not await receiver.dead()


async def test_a_step_of_people_who_never_become_known_is_kept_for_the_operator(
    bus: Callable[[str], Bus], units: Units, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "BACKOFF", (0.01, 0.01))
    receiver = bus("notifications")
    unknown: dict[str, Any] = {"user_id": 404}
    await receiver.deliver(subscription("notifications-releases"), step(1, "submitted", **unknown))
    assert await receiver.dead() == ["releases.airlock_event.received.v1"]


async def test_a_step_heard_before_its_workspace_asks_the_owner(
    units: Units,
    bus: Callable[[str], Bus],
    world: World,
    settings: dict[str, Any],
    send: Send,
    outside: Outside,
) -> None:
    """It does not wait for the next try but one, and people are told of it once."""
    app = FastAPI()
    asked: list[str] = []

    @app.get("/state/{thing}")
    async def state(thing: str) -> list[dict[str, Any]]:
        asked.append(thing)
        known: dict[str, Any] = {
            "workspace": {"name": "demo-workspace", "project_id": 1, "repo_url": REPO_URL}
        }
        return [
            {"id": 1, "version": 1, "slug": "demo-project", "name": "Demo", "branch": "main"}
            | known.get(thing, {})
        ]

    for table in ("known_workspaces", "known_projects", "known_users"):
        await world.rows("notifications", f"delete from {table}")
    receiver = bus("notifications")
    async with running(app) as url:
        clients = {
            name: Client(name, place, world.signer("notifications").service)
            for name, place in (("identity", settings["identity_url"]), ("projects", url))
        }
        receiver.owners = Owners(units, clients)
        async with asyncio.timeout(5):
            await receiver.deliver(subscription("notifications-releases"), step(1, "submitted"), times=2)
        await receiver.owners.close()
    assert (asked, await receiver.dead()) == (["workspace", "project"], [])
    await send()
    [issue] = (await outside.state())["issues"]
    assert issue["title"] == "demo-workspace 01REQUEST"
