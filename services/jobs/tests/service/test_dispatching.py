"""A request is sent until a clear answer comes, and has its effect once (J17 to J22)."""

import asyncio
from typing import Any

import httpx
import pytest
from contracts.troubles import TROUBLES
from jobs.models import JobRequest
from jobs.rap import client as rap_client
from jobs.rap.dispatcher import Dispatcher
from jobs.rap.sync import Sync
from messaging.uow import Units
from testkit.world import World

from .conftest import SHA, Due, Made

SUBMITTED = "jobs.job_request.submitted.v1"
FINISHED = "jobs.job_request.finished.v1"
REFUSED = "jobs.job_request.refused.v1"


async def look(world: World, request: JobRequest) -> Any:
    [row] = await world.rows(
        "jobs",
        "select r.status, r.status_message, s.state, s.attempts, s.last_error, s.answer, s.unclear_at, s.body"
        " from job_requests r join submissions s on s.job_request_id = r.id where r.id = $1",
        request.id,
    )
    return row


async def jobs_there(control: httpx.AsyncClient, request: JobRequest) -> list[str]:
    state = (await control.get("/state")).json()
    return [job["action"] for job in state["jobs"] if job["rap_id"] == request.rap_id]


async def raps_there(control: httpx.AsyncClient, request: JobRequest) -> list[dict[str, Any]]:
    return [rap for rap in (await control.get("/state")).json()["raps"] if rap["rap_id"] == request.rap_id]


async def test_a_request_is_sent_and_accepted(
    waiting: JobRequest, dispatcher: Dispatcher, world: World, control: httpx.AsyncClient
) -> None:
    assert await dispatcher.once() == 1
    row = await look(world, waiting)
    assert (row["state"], row["status"], row["attempts"], row["last_error"]) == (
        "accepted",
        "pending",
        1,
        None,
    )
    assert await jobs_there(control, waiting) == ["measures_monthly"]
    assert await world.announced("jobs") == [SUBMITTED]
    assert await dispatcher.once() == 0


async def test_nothing_is_sent_of_requests_that_are_settled(
    made: Made, dispatcher: Dispatcher, control: httpx.AsyncClient
) -> None:
    for number, state in enumerate(("accepted", "refused", "withdrawn")):
        request = await made.request(number, submission=state)
        assert await dispatcher.once() == 0
        assert not await raps_there(control, request)


@pytest.mark.parametrize("kind", ["500", "html", "garbage", "drop", "refuse"])
@pytest.mark.parametrize("moment", ["create", "create_after"])
async def test_whatever_happens_to_an_answer_the_jobs_are_made_once(
    waiting: JobRequest,
    dispatcher: Dispatcher,
    world: World,
    control: httpx.AsyncClient,
    due: Due,
    moment: str,
    kind: str,
) -> None:
    await control.post(f"/faults/{moment}", json={"kind": kind, "times": 2})
    for _ in range(2):
        await dispatcher.once()
        row = await look(world, waiting)
        assert (row["state"], row["status"]) == ("waiting", "unknown_error_creating_jobs")
        assert row["last_error"]
        assert await dispatcher.once() == 0, "the next try waits its turn"
        await due()
    await dispatcher.once()
    row = await look(world, waiting)
    assert (row["state"], row["status"]) == ("accepted", "pending")
    assert await jobs_there(control, waiting) == ["measures_monthly"]
    assert (await world.announced("jobs")).count(SUBMITTED) == 1
    assert FINISHED not in await world.announced("jobs")


@pytest.mark.parametrize("moment", ["create", "create_after"])
async def test_an_answer_that_takes_too_long_is_asked_for_again(
    waiting: JobRequest,
    dispatcher: Dispatcher,
    world: World,
    control: httpx.AsyncClient,
    due: Due,
    moment: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rap_client, "_CREATE", httpx.Timeout(0.2))
    await control.post(f"/faults/{moment}", json={"kind": "hang", "seconds": 3})
    await dispatcher.once()
    assert (await look(world, waiting))["state"] == "waiting"
    monkeypatch.undo()
    await due()
    await dispatcher.once()
    assert (await look(world, waiting))["state"] == "accepted"
    assert await jobs_there(control, waiting) == ["measures_monthly"]


async def test_a_controller_that_is_not_there_is_asked_again(
    waiting: JobRequest, dispatcher: Dispatcher, world: World, due: Due, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = rap_client.RapClient("http://127.0.0.1:1/", "t")
    monkeypatch.setattr(dispatcher, "_rap", away)
    await dispatcher.once()
    await away.close()
    row = await look(world, waiting)
    assert (row["state"], row["status"]) == ("waiting", "unknown_error_creating_jobs")


async def test_a_process_killed_between_sending_and_writing_sends_nothing_twice(
    waiting: JobRequest, dispatcher: Dispatcher, world: World, control: httpx.AsyncClient, due: Due
) -> None:
    await control.post("/faults/create_after", json={"kind": "hang", "seconds": 5})
    killed = asyncio.create_task(dispatcher.once())
    for _ in range(400):
        if await jobs_there(control, waiting):
            break
        await asyncio.sleep(0.01)
    killed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await killed
    first = await look(world, waiting)
    assert (first["state"], first["attempts"]) == ("waiting", 1)
    assert await dispatcher.once() == 0, "somebody else may still be at it"
    await due()
    assert await dispatcher.once() == 1
    row = await look(world, waiting)
    assert (row["state"], row["status"], row["answer"]) != first
    assert '"No change"' in row["answer"]
    assert await jobs_there(control, waiting) == ["measures_monthly"]
    assert row["body"] == first["body"]


async def test_two_dispatchers_send_a_request_once(
    waiting: JobRequest, dispatcher: Dispatcher, world: World, control: httpx.AsyncClient
) -> None:
    await control.post("/faults/create", json={"kind": "slow", "seconds": 0.2})
    assert sorted(await asyncio.gather(*(dispatcher.once() for _ in range(3)))) == [0, 0, 1]
    assert (await look(world, waiting))["attempts"] == 1


async def test_a_slow_dispatcher_whose_turn_is_over_does_not_tell_the_end_again(
    made: Made, head: str, dispatcher: Dispatcher, world: World, control: httpx.AsyncClient, due: Due
) -> None:
    request = await made.request(sha=head, submission="waiting", requested_actions=["no_such_action"])
    await control.post("/faults/create", json={"kind": "slow", "seconds": 0.5})
    slow = asyncio.create_task(dispatcher.once())
    while not (await look(world, request))["body"]:
        await asyncio.sleep(0.01)
    await due()
    await dispatcher.once()
    assert (await look(world, request))["state"] == "waiting", "the slow one may have made jobs yet"
    await slow
    await world.rows("jobs", "update submissions set unclear_at = now() - interval '2 minutes'")
    await due()
    await dispatcher.once()
    assert (await look(world, request))["state"] == "refused"
    announced = await world.announced("jobs")
    assert (announced.count(REFUSED), announced.count(FINISHED)) == (1, 1)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"requested_actions": ["no_such_action"]}, "Action 'no_such_action' not found in project.yaml"),
        ({"sha": SHA}, TROUBLES["commit_gone"].text),
        ({"backend": "nosuch"}, TROUBLES["controller_failed"].text),
        ({"branch": "gone"}, TROUBLES["branch_gone"].text),
    ],
)
async def test_a_first_refusal_is_the_end_in_words_for_people(
    made: Made, head: str, dispatcher: Dispatcher, world: World, more: dict[str, Any], words: str
) -> None:
    request = await made.request(
        **{"sha": head, "submission": "waiting", "requested_actions": ["report"]} | more
    )
    await dispatcher.once()
    row = await look(world, request)
    assert (row["state"], row["status"], row["status_message"]) == ("refused", "failed", words)
    assert await world.announced("jobs") == [REFUSED, FINISHED]


async def test_nothing_to_do_is_an_end_without_jobs(
    made: Made,
    head: str,
    dispatcher: Dispatcher,
    world: World,
    control: httpx.AsyncClient,
    units: Units,
    rap: rap_client.RapClient,
) -> None:
    """J23"""
    await control.post("/speed", json={"seconds_per_job": 30})
    wanted = {
        "sha": head,
        "submission": "waiting",
        "requested_actions": ["figure_rates"],
        "workspace": "again",
    }
    first = await made.request(1, **wanted)
    await dispatcher.once()
    await Sync(units).apply(await rap.status([first.rap_id]))
    again = await made.request(2, **wanted)
    await dispatcher.once()
    row = await look(world, again)
    assert (row["state"], row["status"]) == ("refused", "nothing_to_do")
    assert row["status_message"] == f"The jobs you asked for are already running in request {first.id}."
    assert not await jobs_there(control, again)
