"""Facts become messages that arrive once, in order, in spite of everything."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from contracts.identity import LoginTokenIssued, LoginTokenUsed, UserRegistered
from contracts.jobs import FinishedJob, JobRequestFinished
from contracts.releases import AirlockEventReceived
from messaging.consumer import Subscription
from messaging.uow import Units
from notifications.actions.airlock import STEPS
from notifications.consumers import SUBSCRIPTIONS
from notifications.dispatcher import Dispatcher
from testkit.bus import Bus
from testkit.world import World

from .conftest import OTIS, ROSA, Outside


def subscription(name: str) -> Subscription:
    return next(one for one in SUBSCRIPTIONS if one.name == name)


def finished(number: int = 1, **more: Any) -> JobRequestFinished:
    values: dict[str, Any] = {
        "job_request_id": number,
        "workspace": "demo-workspace",
        "project_id": 1,
        "backend": "tpp",
        "created_by_id": ROSA,
        "status": "succeeded",
        "status_message": None,
        "will_notify": True,
        "jobs": [
            FinishedJob(
                identifier="a",
                action="report",
                status="succeeded",
                status_code="succeeded",
                status_message="Done",
                seconds=61,
            )
        ],
    }
    return JobRequestFinished(**(values | more))


def step(number: int, kind: str, **more: Any) -> AirlockEventReceived:
    values: dict[str, Any] = {
        "airlock_event_id": number,
        "event_type": kind,
        "workspace": "demo-workspace",
        "project_id": 1,
        "request": "01REQUEST",
        "request_author_id": ROSA,
        "user_id": OTIS,
    }
    return AirlockEventReceived(**(values | more))


async def send_all(dispatcher: Dispatcher) -> None:
    async with asyncio.timeout(20):
        while await dispatcher.once():
            pass


async def waiting_again(world: World) -> None:
    """As if the pause after a failure were over."""
    await world.rows(
        "notifications", "update deliveries set next_attempt_at = now() where status = 'waiting'"
    )


async def test_notifications_jobs_redelivered_makes_one_mail(
    units: Units, bus: Callable[[str], Bus], dispatcher: Dispatcher, outside: Outside
) -> None:
    events = [finished(1), finished(2, will_notify=False), finished(3, status="failed")]
    await bus("notifications").deliver(subscription("notifications-jobs"), *events, times=3)
    await send_all(dispatcher)
    mails = (await outside.state())["mails"]
    assert sorted(mail["subject"] for mail in mails) == [
        "failed: [os demo-workspace] report",
        "succeeded: [os demo-workspace] report",
    ]
    assert {mail["recipient"] for mail in mails} == {"rosa@example.org"}


async def test_notifications_releases_redelivered_makes_one_issue(
    units: Units, bus: Callable[[str], Bus], dispatcher: Dispatcher, outside: Outside
) -> None:
    """All nine steps: one issue, a comment for each further one, Slack and mails where the table says so."""
    kinds = ["request_submitted", *(kind for kind in STEPS if kind != "request_submitted")]
    events = [step(number, kind) for number, kind in enumerate(kinds, 1)]
    assert len(events) == 9
    await bus("notifications").deliver(subscription("notifications-releases"), *events, times=2)
    await send_all(dispatcher)
    found = await outside.state()
    [issue] = found["issues"]
    assert issue["state"] == "closed"
    assert "demo-workspace" in issue["title"]
    assert len(found["comments"]) == 8
    assert len(found["slack"]) == sum(one.slack for one in STEPS.values())
    assert len(found["mails"]) == sum(bool(one.mail) for one in STEPS.values())


async def test_notifications_identity_redelivered_tells_once(
    units: Units, bus: Callable[[str], Bus], dispatcher: Dispatcher, outside: Outside
) -> None:
    events = [
        UserRegistered(user_id=ROSA, username="rosa"),
        LoginTokenIssued(user_id=ROSA),
        LoginTokenUsed(user_id=ROSA),
    ]
    await bus("notifications").deliver(subscription("notifications-identity"), *events, times=2)
    await send_all(dispatcher)
    found = await outside.state()
    assert len(found["mails"]) == 2
    assert len(found["slack"]) == 1
    assert "rosa" in found["slack"][0]["text"]


async def test_every_making_of_a_token_is_told(
    units: Units, bus: Callable[[str], Bus], dispatcher: Dispatcher, outside: Outside
) -> None:
    events = [LoginTokenIssued(user_id=ROSA) for _ in range(3)]
    await bus("notifications").deliver(subscription("notifications-identity"), *events)
    await send_all(dispatcher)
    assert len((await outside.state())["mails"]) == 3


async def test_a_mail_refused_for_now_is_sent_later(
    units: Units, bus: Callable[[str], Bus], dispatcher: Dispatcher, outside: Outside, world: World
) -> None:
    await bus("notifications").deliver(subscription("notifications-jobs"), finished())
    await outside.fault("smtp", "refuse", 2)
    for _ in range(3):
        await send_all(dispatcher)
        await waiting_again(world)
    [row] = await world.rows("notifications", "select status, attempts from deliveries")
    assert (row["status"], row["attempts"]) == ("delivered", 3)
    assert len((await outside.state())["mails"]) == 1


async def test_a_dispatcher_killed_after_sending_doubles_no_mail(
    units: Units, bus: Callable[[str], Bus], dispatcher: Dispatcher, outside: Outside, world: World
) -> None:
    await bus("notifications").deliver(subscription("notifications-jobs"), finished())
    await send_all(dispatcher)
    # What a kill between the server's answer and our commit leaves behind.
    await world.rows(
        "notifications",
        "update deliveries set status = 'waiting', delivered_at = null, next_attempt_at = now()",
    )
    await send_all(dispatcher)
    assert len((await outside.state())["mails"]) == 1


async def test_two_dispatchers_share_the_work(
    units: Units, bus: Callable[[str], Bus], dispatcher: Dispatcher, outside: Outside
) -> None:
    await bus("notifications").deliver(subscription("notifications-jobs"), *(finished(n) for n in range(150)))
    counts = await asyncio.gather(*(dispatcher.once() for _ in range(3)))
    assert sum(counts) == 150
    assert len((await outside.state())["mails"]) == 150


async def test_later_steps_of_a_request_wait_for_the_one_that_failed(
    units: Units, bus: Callable[[str], Bus], dispatcher: Dispatcher, outside: Outside, world: World
) -> None:
    await outside.fault("github", "500", 2)
    events = [
        step(1, "request_submitted"),
        step(2, "request_partially_reviewed"),
        step(3, "request_withdrawn"),
    ]
    await bus("notifications").deliver(subscription("notifications-releases"), *events)
    for _ in range(6):
        await send_all(dispatcher)
        await waiting_again(world)
    found = await outside.state()
    [issue] = found["issues"]
    assert issue["state"] == "closed"
    assert len(found["comments"]) == 2


async def test_an_event_about_something_not_yet_known_is_tried_again(
    units: Units, bus: Callable[[str], Bus], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from messaging import consumer

    monkeypatch.setattr(consumer, "BACKOFF", (0.2,) * 50)
    await world.rows("notifications", "update known_workspaces set name = 'elsewhere'")

    async def arrives() -> None:
        await asyncio.sleep(0.4)
        await world.rows("notifications", "update known_workspaces set name = 'demo-workspace'")

    receiver = bus("notifications")
    await asyncio.gather(
        receiver.deliver(subscription("notifications-releases"), step(1, "request_submitted")), arrives()
    )
    assert len(await world.rows("notifications", "select from deliveries")) == 1
    assert not await receiver.dead()


async def test_what_cannot_be_delivered_for_a_day_is_given_up_and_says_why(
    units: Units, bus: Callable[[str], Bus], dispatcher: Dispatcher, world: World
) -> None:
    await world.rows("identity", "update users set email = null")
    await bus("notifications").deliver(subscription("notifications-jobs"), finished())
    await send_all(dispatcher)
    [row] = await world.rows("notifications", "select status, last_error from deliveries")
    assert (row["status"], row["last_error"]) == ("waiting", "This person has no e-mail address.")
    await world.rows("notifications", "update deliveries set created_at = now() - interval '25 hours'")
    await waiting_again(world)
    await send_all(dispatcher)
    [row] = await world.rows("notifications", "select status from deliveries")
    assert row["status"] == "given_up"
    assert (await world.announced("notifications"))[-1].startswith("notifications.")


async def test_names_cannot_break_out_of_a_mail(
    units: Units, bus: Callable[[str], Bus], dispatcher: Dispatcher, outside: Outside, world: World
) -> None:
    await world.rows("identity", "update users set fullname = '<b>Rosa</b> & \"co\"' where username = 'rosa'")
    odd = finished(status="failed", status_message="<script>alert(1)</script>")
    await bus("notifications").deliver(subscription("notifications-jobs"), odd)
    await send_all(dispatcher)
    [mail] = (await outside.state())["mails"]
    page = (await outside.client.get(f"/mailbox/{mail['id']}")).text
    assert "<script>alert" not in page
    assert "<b>Rosa" not in page
    assert '<b>Rosa</b> & "co"' in (await outside.texts())[0]


async def test_no_address_is_kept(
    units: Units, bus: Callable[[str], Bus], dispatcher: Dispatcher, world: World
) -> None:
    await bus("notifications").deliver(subscription("notifications-jobs"), finished())
    await send_all(dispatcher)
    for table in ("deliveries", "outbox", "known_users"):
        assert "example.org" not in str(
            [dict(row) for row in await world.rows("notifications", f"select * from {table}")]
        )
