"""The largest request there is, each message as long as it likes: kept, announced and answered (J37)."""

import msgspec
from clients.jobs import JobsClient
from contracts.jobs import JobRequestFinished
from jobs.rap.sync import Sync
from kit.words import STATUS_MESSAGE
from messaging.envelope import decode
from messaging.uow import LARGEST, Units
from testkit.plugin import Speak
from testkit.world import World, person

from .conftest import Made, job
from .test_sync import FINISHED, answer

ACTIONS = 2_191  # of the largest pipeline known


async def test_the_largest_request_is_announced_within_what_the_broker_takes(
    units: Units, made: Made, world: World, speak: Speak
) -> None:
    names = [f"generate_study_population_{n:04}_of_a_long_name" for n in range(ACTIONS)]
    request = await made.request(requested_actions=names[:1])
    jobs = [
        job(
            request,
            name,
            "failed" if n % 10 == 0 else "succeeded",
            status_message="é" * 9_000,
            run_command="r" * 5_000,
            metrics={"x": "y" * 20_000} if n == 0 else {},
        )
        for n, name in enumerate(names)
    ]
    await Sync(units).apply(answer(*jobs))
    bodies = await world.rows("jobs", "select subject, body from outbox")
    assert max(len(row["body"]) for row in bodies) < LARGEST
    [finished] = [decode(row["body"])[1] for row in bodies if row["subject"] == FINISHED]
    assert isinstance(finished, JobRequestFinished)
    assert finished.counts == {"failed": 220, "succeeded": ACTIONS - 220}
    assert len(finished.jobs) == 200
    assert {one.status for one in finished.jobs} == {"failed"}
    found = await JobsClient(speak(by=person(1, "author"))).request(request.id)
    assert len(found.jobs) == ACTIONS
    message = found.jobs[1].status_message
    assert len(message.encode()) <= STATUS_MESSAGE
    assert message.endswith("… (cut, 18 kB)")
    assert msgspec.json.encode(found.jobs[0].metrics) == b"null"


async def test_a_request_of_a_body_without_end_keeps_only_what_is_known(
    units: Units, made: Made, world: World
) -> None:
    """One status message of nine megabytes."""
    request = await made.request()
    await Sync(units).apply(answer(job(request, status="failed", status_message="m" * 9_000_000)))
    [row] = await world.rows("jobs", "select octet_length(status_message) as n from jobs")
    assert row["n"] <= STATUS_MESSAGE
