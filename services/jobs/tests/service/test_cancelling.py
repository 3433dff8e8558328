"""A wish to stop jobs is kept, and sent until it is heard (J38 to J42)."""

import asyncio
from typing import Any

import httpx
import pytest
from clients.jobs import JobsClient
from jobs.models import JobRequest
from jobs.rap.canceller import Canceller
from jobs.rap.client import RapClient
from jobs.rap.dispatcher import Dispatcher
from jobs.rap.sync import Sync
from kit.errors import Conflict, NotFound
from messaging.uow import Units
from testkit.plugin import Speak
from testkit.world import World, person

from .conftest import Due, Made, Projects, job
from .test_sync import answer

AUTHOR = person(1, "rosa")
ASKED = "jobs.job_request.cancellation_requested.v1"
FINISHED = "jobs.job_request.finished.v1"
CHAIN = ["generate_dataset_adults", "process_cohort", "describe_cohort"]


@pytest.fixture
async def sent(
    made: Made, head: str, dispatcher: Dispatcher, units: Units, rap: RapClient, control: httpx.AsyncClient
) -> JobRequest:
    """A request whose jobs run for a while."""
    await control.post("/speed", json={"seconds_per_job": 60})
    request = await made.request(sha=head, submission="waiting", requested_actions=["describe_cohort"])
    await dispatcher.once()
    await Sync(units).apply(await rap.status([request.rap_id]))
    return request


async def cancelled_there(control: httpx.AsyncClient) -> list[str]:
    jobs = (await control.get("/state")).json()["jobs"]
    return sorted(job["action"] for job in jobs if job["cancelled"])


async def row_of(world: World, request: JobRequest) -> Any:
    [row] = await world.rows("jobs", "select * from job_requests where id = $1", request.id)
    return row


async def test_cancelling_stops_every_job_and_the_request_ends_as_cancelled(
    sent: JobRequest,
    speak: Speak,
    canceller: Canceller,
    control: httpx.AsyncClient,
    units: Units,
    rap: RapClient,
    world: World,
) -> None:
    assert await JobsClient(speak(by=AUTHOR)).cancel(sent.id) == sorted(CHAIN)
    assert await cancelled_there(control) == [], "nothing is sent inside the transaction"
    assert await canceller.once() == 1
    assert await cancelled_there(control) == sorted(CHAIN)
    assert sorted((await row_of(world, sent))["cancelled_actions"]) == sorted(CHAIN)
    sync = Sync(units)
    for _ in range(400):
        await sync.apply(await rap.status([sent.rap_id]))
        if (await row_of(world, sent))["status"] == "cancelled":
            break
        await asyncio.sleep(0.01)
    assert (await row_of(world, sent))["status"] == "cancelled"
    assert (await world.announced("jobs")).count(FINISHED) == 1
    assert await canceller.once() == 0


async def test_one_action_can_be_cancelled_and_then_the_rest(
    sent: JobRequest, speak: Speak, canceller: Canceller, control: httpx.AsyncClient, world: World
) -> None:
    client = JobsClient(speak(by=AUTHOR))
    assert await client.cancel(sent.id, ["describe_cohort"]) == ["describe_cohort"]
    await canceller.once()
    assert await cancelled_there(control) == ["describe_cohort"]
    assert await client.cancel(sent.id, ["describe_cohort"]) == ["describe_cohort"]
    assert await canceller.once() == 0, "asking again is not another cancellation"
    await client.cancel(sent.id)
    await canceller.once()
    assert sorted((await row_of(world, sent))["cancelled_actions"]) == sorted(CHAIN)


async def test_finished_and_unknown_actions_are_not_sent(
    made: Made, speak: Speak, canceller: Canceller, units: Units, world: World, control: httpx.AsyncClient
) -> None:
    request = await made.request()
    await Sync(units).apply(answer(job(request, "over", "succeeded"), job(request, "live", "running")))
    client = JobsClient(speak(by=AUTHOR))
    with pytest.raises(Conflict):
        await client.cancel(request.id, ["over"])
    with pytest.raises(Conflict):
        await client.cancel(request.id, ["never heard of"])
    with pytest.raises(Conflict):
        await client.cancel(request.id, [])
    assert await client.cancel(request.id, ["over", "live", "never heard of"]) == ["live"]


async def test_a_request_that_was_never_sent_is_over_at_once(
    made: Made, speak: Speak, dispatcher: Dispatcher, world: World, control: httpx.AsyncClient
) -> None:
    request = await made.request(submission="waiting")
    assert await JobsClient(speak(by=AUTHOR)).cancel(request.id) == ["report"]
    row = await row_of(world, request)
    assert (row["status"], row["cancel_requested_by"]) == ("cancelled", 1)
    assert await world.announced("jobs") == [FINISHED]
    assert await dispatcher.once() == 0
    assert (await control.get("/state")).json()["raps"] == []


async def test_a_request_that_could_not_be_sent_yet_is_over_at_once_too(
    made: Made, speak: Speak, dispatcher: Dispatcher, world: World, projects: Projects, due: Due
) -> None:
    request = await made.request(submission="waiting")
    projects.away = True
    await dispatcher.once()
    await JobsClient(speak(by=AUTHOR)).cancel(request.id)
    assert (await row_of(world, request))["status"] == "cancelled"
    projects.away = False
    await due()
    assert await dispatcher.once() == 0


async def test_one_of_two_actions_of_an_unsent_request_leaves_the_other(
    made: Made, speak: Speak, world: World
) -> None:
    request = await made.request(submission="waiting", requested_actions=["report", "figure_rates"])
    assert await JobsClient(speak(by=AUTHOR)).cancel(request.id, ["report"]) == ["report"]
    row = await row_of(world, request)
    assert (row["status"], row["cancelled_actions"]) == ("pending", [])
    assert await world.announced("jobs") == [ASKED]


async def test_a_wish_made_before_jobs_are_known_is_sent_when_they_are(
    made: Made,
    head: str,
    speak: Speak,
    dispatcher: Dispatcher,
    canceller: Canceller,
    control: httpx.AsyncClient,
    units: Units,
    rap: RapClient,
    world: World,
    due: Due,
) -> None:
    await control.post("/speed", json={"seconds_per_job": 60})
    request = await made.request(sha=head, submission="waiting", requested_actions=["measures_monthly"])
    await dispatcher.once()
    assert await JobsClient(speak(by=AUTHOR)).cancel(request.id) == ["measures_monthly"]
    await canceller.once()
    assert await cancelled_there(control) == ["measures_monthly"]


@pytest.mark.parametrize("kind", ["500", "html", "garbage", "drop", "refuse"])
async def test_a_wish_that_was_not_heard_is_sent_again(
    sent: JobRequest,
    speak: Speak,
    canceller: Canceller,
    control: httpx.AsyncClient,
    world: World,
    due: Due,
    kind: str,
) -> None:
    await control.post("/faults/cancel", json={"kind": kind})
    await JobsClient(speak(by=AUTHOR)).cancel(sent.id)
    await canceller.once()
    assert (await row_of(world, sent))["cancelled_actions"] == []
    [cancellation] = await world.rows("jobs", "select * from cancellations")
    assert cancellation["last_error"]
    assert cancellation["done_at"] is None
    await due()
    await canceller.once()
    assert await cancelled_there(control) == sorted(CHAIN)


async def test_two_cancellers_send_a_wish_once(
    sent: JobRequest, speak: Speak, canceller: Canceller, control: httpx.AsyncClient
) -> None:
    await control.post("/faults/cancel", json={"kind": "slow", "seconds": 0.1})
    await JobsClient(speak(by=AUTHOR)).cancel(sent.id)
    assert sorted(await asyncio.gather(*(canceller.once() for _ in range(3)))) == [0, 0, 1]


async def test_a_finished_request_cannot_be_cancelled(made: Made, speak: Speak, units: Units) -> None:
    request = await made.request()
    await Sync(units).apply(answer(job(request, status="succeeded")))
    with pytest.raises(Conflict, match="already finished"):
        await JobsClient(speak(by=AUTHOR)).cancel(request.id)


async def test_who_may_cancel(made: Made, speak: Speak) -> None:
    request = await made.request(created_by_id=5)
    for nobody in (
        speak(),
        speak(service="gateway"),
        speak(by=person(2, "ada")),
        speak(by=person(2, "ada", projects={"ProjectDeveloper": [2]})),
        speak(by=person(2, "ada", roles=["StaffAreaAdministrator"])),
    ):
        with pytest.raises(NotFound):
            await JobsClient(nobody).cancel(request.id)
    for n, somebody in enumerate(
        (
            person(5, "author"),
            person(2, "ada", projects={"ProjectDeveloper": [1]}),
            person(3, "support", roles=["DeploymentAdministrator"]),
        )
    ):
        other = await made.request(n + 10, created_by_id=5)
        assert await JobsClient(speak(by=somebody)).cancel(other.id) == ["report"]
    with pytest.raises(NotFound):
        await JobsClient(speak(by=AUTHOR)).cancel(10**9)
