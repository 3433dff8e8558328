"""A request that the controller accepted and then no longer knows ends by itself (J35)."""

import asyncio

import httpx
import pytest
from clients.jobs import JobsClient
from contracts.troubles import TROUBLES
from jobs.rap import forgotten
from jobs.rap.client import RapClient
from jobs.rap.dispatcher import Dispatcher
from jobs.rap.poller import Poller
from jobs.rap.sync import Sync
from jobs.settings import Settings
from messaging.uow import Units
from testkit.plugin import Speak
from testkit.world import World, person

from .conftest import Made, job
from .test_sync import FINISHED, answer

AUTHOR = person(1, "author")
TOLD = "jobs.staff.told.v1"


@pytest.fixture
def poller(settings: dict[str, object], units: Units, rap: RapClient) -> Poller:
    return Poller(Settings(**settings), units, rap)


async def ask(poller: Poller, rap_id: str, unknown_for: float | None = None) -> None:
    poller._unknown_for = {} if unknown_for is None else {rap_id: unknown_for}
    await poller._ask([rap_id])


async def test_it_ends_after_the_grace_as_failed_and_counts_in_no_queue(
    made: Made, units: Units, poller: Poller, speak: Speak, world: World, control: httpx.AsyncClient
) -> None:
    request = await made.request(requested_actions=["a", "b"])
    await Sync(units).apply(answer(job(request, "a", "succeeded"), job(request, "b", "running")))
    await ask(poller, request.rap_id)
    client = JobsClient(speak(by=AUTHOR))
    found = await client.request(request.id)
    assert found.unknown_since is not None
    assert found.status == "running"
    await ask(poller, request.rap_id, 600)
    assert (await client.request(request.id)).status == "running", "it has fifteen minutes"
    await ask(poller, request.rap_id, 901)
    found = await client.request(request.id)
    assert (found.status, found.status_message) == ("failed", TROUBLES["forgotten"].text)
    assert [(one.status, one.status_code) for one in found.jobs if one.action == "b"] == [
        ("failed", "forgotten")
    ]
    [row] = await world.rows("jobs", "select live, pending, running, failed from job_requests")
    assert tuple(row) == (0, 0, 0, 1)
    announced = await world.announced("jobs")
    assert (announced.count(FINISHED), announced.count(TOLD)) == (1, 1)
    await forgotten.fail(units, [request.rap_id])
    assert (await world.announced("jobs")).count(FINISHED) == 1, "told once"


async def test_one_that_never_had_jobs_ends_too(
    made: Made, poller: Poller, speak: Speak, control: httpx.AsyncClient
) -> None:
    request = await made.request()
    await ask(poller, request.rap_id, 901)
    assert (await JobsClient(speak(by=AUTHOR)).request(request.id)).status == "failed"


async def test_one_that_the_controller_knows_again_is_trusted_again(
    made: Made,
    head: str,
    dispatcher: Dispatcher,
    poller: Poller,
    world: World,
    units: Units,
    control: httpx.AsyncClient,
) -> None:
    await control.post("/speed", json={"seconds_per_job": 60})
    request = await made.request(sha=head, submission="waiting", requested_actions=["measures_monthly"])
    await dispatcher.once()
    await forgotten.mark_unknown(units, [request.rap_id])
    await ask(poller, request.rap_id, 901)
    [row] = await world.rows("jobs", "select unknown_since from submissions")
    assert row["unknown_since"] is None


async def test_what_was_cancelled_is_asked_about_every_second(
    made: Made,
    head: str,
    settings: dict[str, object],
    units: Units,
    rap: RapClient,
    dispatcher: Dispatcher,
    speak: Speak,
    world: World,
    control: httpx.AsyncClient,
) -> None:
    """Seen here within two seconds of being done there, however long nothing changed before."""
    await control.post("/speed", json={"seconds_per_job": 60})
    request = await made.request(sha=head, submission="waiting", requested_actions=["measures_monthly"])
    await dispatcher.once()
    slow = Settings(**{**settings, "rap_api_first_poll": 50.0})
    polling = asyncio.create_task(Poller(slow, units, rap).run())
    client = JobsClient(speak(by=AUTHOR))
    async with asyncio.timeout(10):
        while not (await client.request(request.id)).jobs:
            await asyncio.sleep(0.05)
    await rap.cancel(request.rap_id, ["measures_monthly"])
    await world.rows("jobs", "update job_requests set cancelled_actions = requested_actions")
    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(10):
        while (await client.request(request.id)).status != "cancelled":
            await asyncio.sleep(0.05)
    assert asyncio.get_running_loop().time() - began < 3
    polling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await polling
