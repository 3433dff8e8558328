"""What was sent to whom, for staff (N3)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from clients.notifications import DeliveryRow, NotificationsClient
from contracts.roles import ROLES
from kit.errors import AppError, Conflict, NotFound
from messaging.uow import Units
from notifications.app import create
from notifications.settings import Settings
from testkit.plugin import Speak
from testkit.world import World, person, running

from .conftest import OTIS, ROSA, Hear, Outside, Send, finished, step

STAFF = person(9, "ada", roles=["StaffAreaAdministrator"])


@pytest.fixture(scope="session")
async def url(world: World) -> AsyncIterator[str]:
    world.migrate("notifications")
    async with running(create(Settings(**world.settings("notifications")))) as url:
        yield url


@pytest.fixture
def speak(speak: Speak, units: Units) -> Speak:
    """In an empty world."""
    return speak


@pytest.fixture
def staff(speak: Speak) -> NotificationsClient:
    return NotificationsClient(speak(by=STAFF))


def facts(row: DeliveryRow) -> tuple[str, str, str, str]:
    return row.channel, row.recipient, row.subject, row.status


async def test_staff_see_what_was_sent_to_whom_by_name(
    staff: NotificationsClient, hear: Hear, send: Send
) -> None:
    await hear("releases", step(1, "submitted"), step(2, "returned"))
    await send()
    await hear("jobs", finished(created_by_id=OTIS))
    rows = await staff.deliveries()
    assert [facts(row) for row in rows] == [
        ("email", "Otis", "succeeded: [os demo-workspace] report", "waiting"),
        ("email", "Rosa", "Release request returned: demo-workspace (01REQUEST)", "delivered"),
        ("slack", "@output_checking", "demo-workspace 01REQUEST updated", "delivered"),
        ("github", "", "demo-workspace 01REQUEST", "delivered"),
        ("github", "", "demo-workspace 01REQUEST", "delivered"),
    ]
    assert rows[0].delivered_at is None
    assert rows[1].delivered_at is not None
    assert (rows[1].attempts, rows[1].last_error) == (1, None)


async def test_what_was_given_up_is_found_with_its_reason(
    staff: NotificationsClient, hear: Hear, send: Send, outside: Outside
) -> None:
    await outside.fault("smtp_recipient", "reject")
    await hear("jobs", finished(1))
    await send()
    await hear("jobs", finished(2))
    [lost] = await staff.deliveries(status="given_up")
    assert lost.last_error == "The mail server said 550 5.1.1 <(address)>: there is no such mailbox"
    assert [row.status for row in await staff.deliveries(status="waiting")] == ["waiting"]
    assert await staff.deliveries(status="delivered") == []


async def test_pages_follow_each_other_without_a_gap(staff: NotificationsClient, hear: Hear) -> None:
    await hear("jobs", *(finished(n) for n in range(60)))
    seen: list[int] = []
    while page := await staff.deliveries(before=seen[-1] if seen else None):
        assert len(page) <= 25
        seen += [row.id for row in page]
    assert len(seen) == 60
    assert seen == sorted(set(seen), reverse=True)


async def test_what_was_given_up_is_sent_again_when_staff_say_so(
    staff: NotificationsClient, speak: Speak, hear: Hear, send: Send, outside: Outside
) -> None:
    await outside.fault("smtp", "reject")
    await hear("jobs", finished())
    await send()
    [lost] = await staff.deliveries(status="given_up")
    await speak(by=STAFF).post(f"/deliveries/{lost.id}/again")
    await send()
    assert [row.status for row in await staff.deliveries()] == ["delivered"]
    assert len(outside.mails()) == 1
    with pytest.raises(Conflict, match="arrived already"):
        await speak(by=STAFF).post(f"/deliveries/{lost.id}/again")


async def test_what_was_given_up_after_a_day_gets_another_day(
    staff: NotificationsClient, speak: Speak, hear: Hear, send: Send, outside: Outside, world: World
) -> None:
    await outside.fault("smtp", "refuse", 2)
    await hear("jobs", finished())
    await world.rows("notifications", "update deliveries set created_at = now() - interval '25 hours'")
    await send()
    [lost] = await staff.deliveries(status="given_up")
    await speak(by=STAFF).post(f"/deliveries/{lost.id}/again")
    await send()
    assert [row.status for row in await staff.deliveries()] == ["waiting"]


async def test_what_is_being_sent_right_now_is_left_to_its_sender(
    speak: Speak, hear: Hear, world: World, send: Send, outside: Outside
) -> None:
    await hear("jobs", finished())
    [row] = await world.rows(
        "notifications",
        "update deliveries set lease = 'x', leased_until = now() + interval '1 minute' returning id",
    )
    await speak(by=STAFF).post(f"/deliveries/{row['id']}/again")
    await send()
    assert not outside.mails()


async def test_only_the_staff_area_may_look_or_send(speak: Speak, hear: Hear) -> None:
    await hear("jobs", finished())
    others = [role for role, about in ROLES.items() if "staff_area_access" not in about.permissions]
    assert len(others) == len(ROLES) - 1
    for who in (None, person(ROSA, "rosa"), person(3, "mallory", roles=others)):
        for method, path in (("GET", "/deliveries"), ("POST", "/deliveries/1/again")):
            assert (await speak(by=who).request(method, path)).status == 404
    assert (await speak(service="releases").request("GET", "/deliveries")).status == 404


@pytest.mark.parametrize("wrong", [{"status": "x"}, {"before": 0}, {"before": 10**30}, {"before": "a"}])
async def test_nonsense_in_a_question_is_refused(speak: Speak, wrong: dict[str, Any]) -> None:
    answer = await speak(by=STAFF).request("GET", "/deliveries", params=wrong)
    assert 400 <= answer.status < 500


@pytest.mark.parametrize("number", ["0", "404", "-1", "9" * 19, "9" * 30, "x"])
async def test_there_is_no_such_delivery(speak: Speak, number: str) -> None:
    with pytest.raises(AppError) as refused:
        await speak(by=STAFF).post(f"/deliveries/{number}/again")
    assert refused.type is NotFound or 400 <= refused.value.status < 500
