"""The poller asks about what is active, whatever single answers are like (J32 to J34)."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from jobs.models import JobRequest
from jobs.rap import poller
from jobs.rap.client import RapClient
from jobs.rap.dispatcher import Dispatcher
from jobs.rap.poller import Poller
from jobs.settings import Settings
from messaging.uow import Units
from testkit.waiting import eventually
from testkit.world import World, running

from .conftest import Made, job

FINISHED = "jobs.job_request.finished.v1"


class Controller:
    """Answers the status call with what a test says of each request."""

    def __init__(self) -> None:
        self.jobs: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[list[str]] = []
        self.malformed: set[str] = set()

    async def status(self, request: Request) -> Response:
        rap_ids = (await request.json())["rap_ids"]
        self.asked.append(rap_ids)
        if self.malformed.intersection(rap_ids):
            return Response('{"error": "Validation error", "details": "Invalid request body received"}', 400)
        jobs = [job for rap_id in rap_ids for job in self.jobs.get(rap_id, [])]
        unknown = [rap_id for rap_id in rap_ids if rap_id not in self.jobs]
        return Response(json.dumps({"jobs": jobs, "unrecognised_rap_ids": unknown}))


@pytest.fixture
async def controller() -> AsyncIterator[tuple[Controller, RapClient]]:
    here, app = Controller(), FastAPI()

    @app.post("/rap/status/")
    async def status(request: Request) -> Response:
        return await here.status(request)

    async with running(app) as url:
        client = RapClient(f"{url}/", "t")
        yield here, client
        await client.close()


Polling = Callable[..., contextlib.AbstractAsyncContextManager[None]]


@pytest.fixture
def polling(settings: dict[str, Any], units: Units, monkeypatch: pytest.MonkeyPatch) -> Polling:
    monkeypatch.setattr(poller, "_TICK", 0.05)

    @contextlib.asynccontextmanager
    async def poll(rap: RapClient) -> AsyncIterator[None]:
        task = asyncio.create_task(Poller(Settings(**settings), units, rap).run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    return poll


async def until(world: World, request: JobRequest, status: str) -> None:
    for _ in range(500):
        [row] = await world.rows("jobs", "select status from job_requests where id = $1", request.id)
        if row["status"] == status:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"still {row['status']}, not {status}")


async def test_two_pollers_follow_a_real_run_to_its_end_and_tell_it_once(
    made: Made, head: str, dispatcher: Dispatcher, rap: RapClient, polling: Polling, world: World
) -> None:
    request = await made.request(sha=head, submission="waiting", requested_actions=["process_cohort"])
    await dispatcher.once()
    async with polling(rap), polling(rap):
        await until(world, request, "succeeded")
    [row] = await world.rows("jobs", "select * from job_requests")
    assert (row["total"], row["succeeded"], row["live"]) == (2, 2, 0)
    assert (await world.announced("jobs")).count(FINISHED) == 1


async def test_only_one_of_two_pollers_asks(
    made: Made, controller: tuple[Controller, RapClient], polling: Polling, world: World
) -> None:
    here, client = controller
    request = await made.request()
    here.jobs[request.rap_id] = [job(request, status="succeeded")]
    async with polling(client), polling(client):
        await until(world, request, "succeeded")
    assert here.asked == [[request.rap_id]]


async def test_which_requests_are_asked_about(
    made: Made, controller: tuple[Controller, RapClient], polling: Polling, world: World
) -> None:
    here, client = controller
    wanted = [
        await made.request(1),
        await made.request(2, status="running"),
        await made.request(3, status="unknown"),
        await made.request(4, status="failed", live=1),
        await made.request(5, status="running", live=1),
    ]
    others = [
        await made.request(6, status="failed"),
        await made.request(7, status="succeeded"),
        await made.request(8, status="nothing_to_do"),
        await made.request(9, submission="waiting"),
        await made.request(10, status="unknown"),
    ]
    old = "update job_requests set created_at = now() - interval '2 years' where id = any($1)"
    await world.rows("jobs", old, [wanted[4].id, others[4].id])

    async def asked() -> bool:
        return bool(here.asked)

    async with polling(client):
        await eventually(asked)
    assert set(here.asked[0]) == {request.rap_id for request in wanted}


@pytest.mark.parametrize(
    "spoilt",
    [
        {"created_at": "yesterday"},
        {"started_at": "2026-99-99T00:00:00Z"},
        {"status": None},
        {"identifier": 5},
        {"metrics": {"a": "\ud800"}},
    ],
)
async def test_one_job_that_makes_no_sense_holds_up_no_other_request(
    made: Made,
    controller: tuple[Controller, RapClient],
    polling: Polling,
    world: World,
    spoilt: dict[str, Any],
) -> None:
    here, client = controller
    requests = [await made.request(number) for number in range(5)]
    for request in requests:
        here.jobs[request.rap_id] = [job(request, status="succeeded")]
    bad = requests[2]
    here.jobs[bad.rap_id] = [job(bad, status="succeeded") | spoilt]
    async with polling(client):
        for request in requests:
            if request is not bad:
                await until(world, request, "succeeded")
        here.jobs[bad.rap_id] = [job(bad, status="succeeded")]
        await until(world, bad, "succeeded")


async def test_one_id_that_the_controller_cannot_read_holds_up_no_other(
    made: Made, controller: tuple[Controller, RapClient], polling: Polling, world: World
) -> None:
    here, client = controller
    requests = [await made.request(number) for number in range(4)]
    here.malformed = {requests[1].rap_id}
    for request in requests:
        here.jobs[request.rap_id] = [job(request, status="succeeded")]
    async with polling(client):
        for request in (requests[0], requests[2], requests[3]):
            await until(world, request, "succeeded")


async def test_a_nul_in_a_message_is_kept_as_something_that_can_be(
    made: Made, controller: tuple[Controller, RapClient], polling: Polling, world: World
) -> None:
    here, client = controller
    request = await made.request()
    told = job(request, status="failed", status_message="a\0b \\u0000", metrics={"x": "\0"})
    here.jobs[request.rap_id] = [told]
    async with polling(client):
        await until(world, request, "failed")
    [row] = await world.rows("jobs", "select status_message from jobs")
    assert row["status_message"].startswith("a\ufffdb \\u")


@pytest.mark.parametrize("kind", ["500", "html", "garbage", "drop", "refuse"])
async def test_polling_goes_on_after_an_answer_that_is_none(
    made: Made,
    head: str,
    dispatcher: Dispatcher,
    rap: RapClient,
    polling: Polling,
    world: World,
    control: httpx.AsyncClient,
    kind: str,
) -> None:
    request = await made.request(sha=head, submission="waiting", requested_actions=["measures_monthly"])
    await dispatcher.once()
    await control.post("/faults/status", json={"kind": kind, "times": 2})
    async with polling(rap):
        await until(world, request, "succeeded")


async def test_a_request_the_controller_does_not_know_stays_as_it_is(
    made: Made, controller: tuple[Controller, RapClient], polling: Polling, world: World
) -> None:
    here, client = controller
    request = await made.request(status="pending")

    async def asked_twice() -> bool:
        return len(here.asked) >= 2

    async with polling(client):
        await eventually(asked_twice)
    [row] = await world.rows("jobs", "select status from job_requests")
    assert row["status"] == "pending"
    assert await world.announced("jobs") == []
    assert request.rap_id in here.asked[0]


async def test_a_poller_that_leads_again_believes_the_database_and_not_its_memory(
    made: Made,
    controller: tuple[Controller, RapClient],
    settings: dict[str, Any],
    units: Units,
    world: World,
) -> None:
    here, client = controller
    request = await made.request()
    here.jobs[request.rap_id] = [job(request, status="running")]
    one = Poller(Settings(**settings), units, client)
    for _ in range(2):
        task = asyncio.create_task(one.run())
        await until(world, request, "running")
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await world.rows("jobs", "update jobs set status = 'pending'")
        await world.rows("jobs", "update job_requests set status = 'pending'")
