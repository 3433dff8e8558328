"""Nobody waits for somebody else, and what a killed worker was at is free again soon."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from clients.jobs import JobsClient
from contracts.troubles import TROUBLES
from jobs.models import JobRequest
from jobs.rap.canceller import Canceller
from jobs.rap.client import RapClient
from jobs.rap.dispatcher import Dispatcher
from jobs.rap.sync import Sync
from messaging import queue
from messaging.uow import Units
from testkit.plugin import Speak
from testkit.world import World, person

from .conftest import Due, Made, Projects, job
from .test_sync import answer

AUTHOR = person(1, "author")


async def state_of(world: World, request: JobRequest) -> str:
    query = "select state from submissions where job_request_id = $1"
    return str((await world.rows("jobs", query, request.id))[0]["state"])


async def until(world: World, request: JobRequest, state: str) -> float:
    """After how many seconds it was so."""
    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(10):
        while await state_of(world, request) != state:
            await asyncio.sleep(0.02)
    return asyncio.get_running_loop().time() - began


async def test_a_call_that_hangs_holds_up_no_other(
    made: Made, head: str, dispatcher: Dispatcher, world: World, control: httpx.AsyncClient
) -> None:
    wanted = {"sha": head, "submission": "waiting", "requested_actions": ["measures_monthly"]}
    slow = [await made.request(n, backend="tpp", workspace=f"w{n}", **wanted) for n in range(1, 7)]
    await control.post("/faults/create", json={"kind": "hang", "seconds": 30, "times": 4})
    running = asyncio.create_task(dispatcher.run())
    async with asyncio.timeout(10):
        query = "select count(*) as n from submissions where leased_until > now()"
        while (await world.rows("jobs", query))[0]["n"] < 4:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
    assert (await world.rows("jobs", query))[0]["n"] == 4, "a backend has four slots"
    other = await made.request(9, backend="test", workspace="other", **wanted)
    assert await until(world, other, "accepted") < 3
    assert [await state_of(world, one) for one in slow] == ["waiting"] * 6
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_what_a_killed_worker_was_at_is_free_within_fifteen_seconds(
    waiting: JobRequest, dispatcher: Dispatcher, world: World, control: httpx.AsyncClient
) -> None:
    await control.post("/faults/create", json={"kind": "hang", "seconds": 30})
    killed = asyncio.create_task(dispatcher.once())
    lease = "select extract(epoch from leased_until - now())::float as left from submissions"
    async with asyncio.timeout(10):
        while not (left := (await world.rows("jobs", lease))[0]["left"]):
            await asyncio.sleep(0.01)
    killed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await killed
    assert 10 < left < 15
    assert await dispatcher.once() == 0


async def test_a_lease_is_renewed_while_the_work_lasts(
    waiting: JobRequest,
    dispatcher: Dispatcher,
    world: World,
    control: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue, "LEASE", 1)
    monkeypatch.setattr(queue, "_RENEW", 0.2)
    await control.post("/faults/create", json={"kind": "slow", "seconds": 2.5})
    work = asyncio.create_task(dispatcher.once())
    await asyncio.sleep(1.8)
    assert await dispatcher.once() == 0, "it is still being worked at"
    assert await work == 1
    assert await state_of(world, waiting) == "accepted"


async def test_an_unwanted_request_is_never_sent_when_no_connection_was_made(
    waiting: JobRequest,
    dispatcher: Dispatcher,
    speak: Speak,
    world: World,
    due: Due,
    monkeypatch: pytest.MonkeyPatch,
    control: httpx.AsyncClient,
) -> None:
    away = RapClient("http://127.0.0.1:1/", "t")
    with monkeypatch.context() as patch:
        patch.setattr(dispatcher, "_rap", away)
        await dispatcher.once()
    await away.close()
    [row] = await world.rows("jobs", "select trouble, unclear_at from submissions")
    assert (row["trouble"], row["unclear_at"]) == ("controller_away", None)
    await JobsClient(speak(by=AUTHOR)).cancel(waiting.id)
    assert await state_of(world, waiting) == "withdrawn", "at once"
    await due()
    assert await dispatcher.once() == 0
    assert (await control.get("/state")).json()["raps"] == []


@pytest.mark.parametrize(("moment", "made_there"), [("create", False), ("create_after", True)])
async def test_an_unwanted_request_whose_answer_was_lost_is_confirmed_and_cancelled_there(
    moment: str,
    made_there: bool,
    waiting: JobRequest,
    dispatcher: Dispatcher,
    canceller: Canceller,
    speak: Speak,
    world: World,
    due: Due,
    control: httpx.AsyncClient,
) -> None:
    await control.post("/speed", json={"seconds_per_job": 60})
    await control.post(f"/faults/{moment}", json={"kind": "drop"})
    await dispatcher.once()
    client = JobsClient(speak(by=AUTHOR))
    for _ in range(3):
        assert await client.cancel(waiting.id) == ["measures_monthly"]
    [row] = await world.rows("jobs", "select count(*) as n from cancellations")
    assert row["n"] == 1
    assert (await client.request(waiting.id)).cancelling
    await due()
    await dispatcher.once()
    if made_there:
        assert await state_of(world, waiting) == "accepted"
        await due()
        await canceller.once()
        [job] = (await control.get("/state")).json()["jobs"]
        assert job["cancelled"]
        return
    assert await state_of(world, waiting) == "waiting", "the controller may still be at it"
    await world.rows("jobs", "update submissions set unclear_at = now() - interval '2 minutes'")
    for _ in range(2):
        await due()
        await dispatcher.once()
    assert await state_of(world, waiting) == "withdrawn"
    assert (await client.request(waiting.id)).status == "cancelled"
    assert (await control.get("/state")).json()["jobs"] == []


async def test_a_cancel_that_is_not_taken_is_told_and_ends_at_its_deadline(
    made: Made,
    head: str,
    units: Units,
    rap: RapClient,
    dispatcher: Dispatcher,
    speak: Speak,
    world: World,
    due: Due,
    control: httpx.AsyncClient,
) -> None:
    await control.post("/speed", json={"seconds_per_job": 60})
    request = await made.request(
        sha=head, submission="waiting", requested_actions=["measures_monthly", "figure_rates"]
    )
    await dispatcher.once()
    await Sync(units).apply(await rap.status([request.rap_id]))
    canceller = Canceller(units, rap, asyncio.Event(), deadline=timedelta(minutes=30))
    await control.post("/faults/cancel", json={"kind": "refuse", "times": 9})
    client = JobsClient(speak(by=AUTHOR))
    await client.cancel(request.id)
    await canceller.once()
    found = await client.request(request.id)
    assert found.cancelling
    assert found.cancel is not None
    assert (found.cancel.trouble, found.cancel.given_up) == ("controller_refuses", False)
    assert found.cancel.detail is None, "what was really said is for staff"
    assert TROUBLES[found.cancel.trouble].text
    assert await canceller.once() == 0, "it backs off"
    await world.rows("jobs", "update cancellations set created_at = now() - interval '31 minutes'")
    await due()
    await canceller.once()
    found = await client.request(request.id)
    assert not found.cancelling
    assert found.cancel is not None
    assert found.cancel.given_up
    assert (await world.announced("jobs")).count("jobs.staff.told.v1") == 1
    await due()
    assert await canceller.once() == 0


async def test_a_request_is_cancelling_only_while_all_that_is_open_is_being_cancelled(
    made: Made, units: Units, speak: Speak
) -> None:
    request = await made.request(requested_actions=["a", "b"])
    await Sync(units).apply(answer(job(request, "a"), job(request, "b", "pending")))
    client = JobsClient(speak(by=AUTHOR))
    await client.cancel(request.id, ["a"])
    found = await client.request(request.id)
    assert (found.cancelling, found.cancelling_actions) == (False, ["a"])
    await client.cancel(request.id, ["b"])
    found = await client.request(request.id)
    assert (found.cancelling, found.cancelling_actions) == (True, ["a", "b"])


async def test_staff_read_what_was_really_answered(
    waiting: JobRequest,
    dispatcher: Dispatcher,
    speak: Speak,
    control: httpx.AsyncClient,
    projects: Projects,
) -> None:
    await control.post("/faults/create", json={"kind": "html"})
    await dispatcher.once()
    assert (await JobsClient(speak(by=AUTHOR)).request(waiting.id)).submit_detail is None
    staff = person(9, "sam", roles=["StaffAreaAdministrator"])
    found = await JobsClient(speak(by=staff)).request(waiting.id)
    assert found.submit_trouble == "controller_unclear"
    assert "Bad Gateway" in (found.submit_detail or "")
