"""Facts become messages that arrive once, in spite of everything (N2 to N5, N8, N14)."""

import asyncio
from typing import Any

from contracts.identity import LoginTokenIssued, LoginTokenUsed, OrgState, UserRegistered, UserState
from contracts.projects import ProjectState, WorkspaceState
from messaging.uow import UnitOfWork, Units
from notifications.channels.email import EmailChannel
from notifications.dispatcher import Dispatcher
from testkit.world import World

from .conftest import OTIS, ROSA, Hear, Outside, Send, Sender, finished, send_all, step


async def rows(world: World) -> list[dict[str, Any]]:
    found = await world.rows("notifications", "select * from deliveries order by id")
    return [dict(row) for row in found]


async def test_notifications_jobs_redelivered_makes_one_mail(
    hear: Hear, send: Send, outside: Outside, world: World
) -> None:
    events = [finished(1), finished(2, will_notify=False), finished(3, status="failed")]
    await hear("jobs", *events, times=3)
    await hear("jobs", finished(1))  # said again under another event id: the key still holds
    await send()
    assert sorted(mail["Subject"] for mail in outside.mails()) == [
        "failed: [os demo-workspace] report",
        "succeeded: [os demo-workspace] report",
    ]
    assert set(outside.recipients()) == {"rosa@example.org"}
    assert await world.announced("notifications") == ["notifications.delivery.delivered.v1"] * 2


async def test_notifications_releases_redelivered_tells_each_step_once(
    hear: Hear, send: Send, outside: Outside
) -> None:
    await hear("releases", step(1, "submitted"), step(2, "returned"), times=2)
    await send()
    found = await outside.state()
    assert [len(found[name]) for name in ("issues", "comments", "slack", "mails")] == [1, 1, 1, 1]


async def test_notifications_identity_redelivered_tells_once(
    hear: Hear, send: Send, outside: Outside
) -> None:
    events = [
        UserRegistered(user_id=ROSA, username="rosa"),
        LoginTokenIssued(user_id=ROSA),
        LoginTokenUsed(user_id=ROSA),
    ]
    await hear("identity", *events, times=2)
    await send()
    assert sorted(mail["Subject"] for mail in outside.mails()) == [
        "New OpenSAFELY login token generated",
        "OpenSAFELY account login with token",
    ]
    [said] = (await outside.state())["slack"]
    assert said["channel"] == "job-server-registrations"
    assert said["text"] == "New user (rosa) registered: <http://jobs.test/staff/users/rosa/|rosa>"


async def test_notifications_replicas_redelivered_or_overtaken_keep_the_newest(
    hear: Hear, world: World
) -> None:
    newer = [
        UserState(id=ROSA, version=3, username="rosa", fullname="Rosa Marsh", org_ids=[1]),
        OrgState(id=1, version=3, slug="bennett", name="Bennett"),
        ProjectState(id=1, version=3, slug="demo-project", name="Renamed", org_ids=[1]),
        WorkspaceState(id=1, version=3, name="demo-workspace", project_id=1, repo_url="new", branch="main"),
    ]
    await hear("replicas", *newer, times=2)
    await hear("replicas", UserState(id=ROSA, version=2, username="rosa", fullname="Rosa Late"))
    [person] = await world.rows("notifications", "select * from known_users where id = $1", ROSA)
    assert (person["version"], person["fullname"], person["org_ids"]) == (3, "Rosa Marsh", [1])
    for table, column, value in (
        ("known_orgs", "name", "Bennett"),
        ("known_projects", "name", "Renamed"),
        ("known_workspaces", "repo_url", "new"),
    ):
        [row] = await world.rows("notifications", f"select {column} from {table}")
        assert row[column] == value
    await hear("replicas", UserState(id=ROSA, version=4, username="rosa", fullname="", deleted=True))
    assert not await world.rows("notifications", "select from known_users where id = $1", ROSA)


async def test_every_making_of_a_token_is_told(hear: Hear, send: Send, outside: Outside) -> None:
    await hear(
        "identity", *(LoginTokenIssued(user_id=ROSA) for _ in range(3)), LoginTokenIssued(user_id=OTIS)
    )
    await send()
    assert sorted(outside.recipients()) == ["otis@example.org", *["rosa@example.org"] * 3]


async def test_the_mail_about_a_token_does_not_hold_one(hear: Hear, world: World) -> None:
    await hear("identity", LoginTokenIssued(user_id=ROSA), LoginTokenUsed(user_id=ROSA))
    assert [row["context"] for row in await rows(world)] == ["{}", "{}"]


async def test_several_dispatchers_share_the_work(
    hear: Hear, sender: Sender, outside: Outside, world: World
) -> None:
    await hear("jobs", *(finished(n) for n in range(150)))
    counts = await asyncio.gather(*(sender().once("email") for _ in range(3)))
    while more := await sender().once("email"):  # claims made at the same moment may each take fewer
        counts.append(more)
    assert sum(counts) == 150
    assert max(counts) <= 64
    assert {(row["status"], row["attempts"]) for row in await rows(world)} == {("delivered", 1)}
    assert len(outside.mails()) == 150


class Killed(Exception):
    """The process is gone."""


class Dying(Units):
    """Of a process that is killed after sending, before it could write down what was sent."""

    left = 1  # the claim

    def __call__(self) -> UnitOfWork:
        if not self.left:
            raise Killed
        self.left -= 1
        return super().__call__()


async def test_a_dispatcher_killed_between_sending_and_commit_doubles_no_mail(
    units: Units, hear: Hear, sender: Sender, outside: Outside, world: World, waited: Send
) -> None:
    await hear("jobs", finished())
    await sender(units=Dying(units.database, "notifications", lambda: None)).once("email")
    [first] = outside.mails()
    [row] = await rows(world)
    assert (row["status"], row["attempts"]) == ("waiting", 1)
    second = sender()
    assert await second.once("email") == 0, "the lease still holds"
    outside.store("update mails set message_id = 'kept from folding'")
    await waited()
    assert await second.once("email") == 1
    again = outside.mails()[-1]
    assert len(outside.mails()) == 2, "the server was told twice, as SMTP knows no better"
    assert again["Message-ID"] == first["Message-ID"], "so that a mailbox shows it once"
    [row] = await rows(world)
    assert (row["status"], row["attempts"], row["lease"]) == ("delivered", 2, None)
    assert await world.announced("notifications") == ["notifications.delivery.delivered.v1"]


async def test_a_mail_whose_acceptance_was_lost_is_one_mail(
    hear: Hear, send: Send, outside: Outside, waited: Send, world: World
) -> None:
    await outside.fault("smtp_after", "drop")
    await hear("jobs", finished())
    await send()
    assert (await rows(world))[0]["status"] == "waiting"
    await waited()
    await send()
    assert (await rows(world))[0]["status"] == "delivered"
    assert len(outside.mails()) == 1


class Slow(EmailChannel):
    """Sends, and comes back late."""

    sent = asyncio.Event()
    go = asyncio.Event()

    async def send(self, *args: Any) -> None:
        await super().send(*args)
        self.sent.set()
        await self.go.wait()


async def test_who_lost_the_lease_changes_nothing(
    hear: Hear, sender: Sender, dispatcher: Dispatcher, waited: Send, world: World, outside: Outside
) -> None:
    await hear("jobs", finished())
    late = asyncio.create_task(sender(mail=Slow).once("email"))
    await asyncio.wait_for(Slow.sent.wait(), 10)
    await waited()
    await outside.fault("smtp", "reject")
    assert await dispatcher.once("email") == 1
    before = await rows(world)
    assert before[0]["status"] == "given_up"
    Slow.go.set()
    await late
    assert await rows(world) == before
    assert await world.announced("notifications") == ["notifications.delivery.given_up.v1"]


async def test_a_slow_channel_holds_up_no_other(hear: Hear, dispatcher: Dispatcher, outside: Outside) -> None:
    await outside.fault("github_search", "slow", seconds=5)
    await hear("releases", step(1, "submitted"), step(2, "returned"))
    slow = asyncio.create_task(dispatcher.once("github"))
    await dispatcher.once("email")
    assert len(outside.mails()) == 1
    assert not slow.done()
    slow.cancel()
    await asyncio.gather(slow, return_exceptions=True)


async def test_the_loop_serves_every_channel(hear: Hear, dispatcher: Dispatcher, outside: Outside) -> None:
    running = asyncio.create_task(dispatcher.run())
    await hear("releases", step(1, "submitted"), step(2, "returned"))
    async with asyncio.timeout(10):
        while True:
            found = await outside.state()
            if found["slack"] and found["comments"] and found["mails"]:
                break
            await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await asyncio.gather(running, return_exceptions=True)


async def test_what_cannot_be_delivered_for_a_day_is_given_up_and_says_why(
    hear: Hear, send: Send, waited: Send, world: World
) -> None:
    await world.rows("identity", "update users set email = null")
    await hear("jobs", finished())
    await send()
    [row] = await rows(world)
    assert (row["status"], row["last_error"]) == ("waiting", "This person has no e-mail address.")
    await world.rows("notifications", "update deliveries set created_at = now() - interval '25 hours'")
    await waited()
    await send()
    [row] = await rows(world)
    assert (row["status"], row["last_error"]) == ("given_up", "This person has no e-mail address.")
    assert await world.announced("notifications") == ["notifications.delivery.given_up.v1"]


async def test_an_address_that_came_in_the_meantime_is_used(
    hear: Hear, send: Send, waited: Send, world: World, outside: Outside
) -> None:
    await world.rows("identity", "update users set email = null")
    await hear("jobs", finished())
    await send()
    await world.rows("identity", "update users set email = 'new@example.org' where username = 'rosa'")
    await waited()
    await send()
    assert outside.recipients() == ["new@example.org"]


async def test_mails_wait_while_identity_is_away(
    hear: Hear, sender: Sender, waited: Send, outside: Outside, world: World
) -> None:
    await hear("jobs", finished())
    await send_all(sender(identity_url="http://127.0.0.1:1"))
    [row] = await rows(world)
    assert (row["status"], row["last_error"]) == (
        "waiting",
        "The identity service does not answer just now.",
    )
    await waited()
    await send_all(sender())
    assert len(outside.mails()) == 1


async def test_no_address_is_kept(
    hear: Hear, send: Send, waited: Send, outside: Outside, world: World
) -> None:
    """Not even in what a mail server says of it (N5)."""
    await outside.fault("smtp_recipient", "reject")
    await hear("jobs", finished(1))
    await send()
    await hear("jobs", finished(2))
    await send()
    kept = await rows(world)
    assert [row["status"] for row in kept] == ["given_up", "delivered"]
    assert kept[0]["last_error"] == ("The mail server said 550 5.1.1 <(address)>: there is no such mailbox")
    for table in ("deliveries", "outbox", "known_users"):
        found = await world.rows("notifications", f"select * from {table}")
        assert "example.org" not in str([dict(row) for row in found])
