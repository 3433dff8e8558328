"""Jobs as the controller tells them, and what becomes of their request (J24 to J34)."""

import asyncio
import json
from typing import Any

import msgspec
import pytest
from contracts.jobs import JobRequestFinished
from jobs.models import JobRequest
from jobs.rap.sync import Answer, Sync
from messaging.envelope import decode
from messaging.uow import Units
from testkit.world import World

from .conftest import Made, job
from .test_sync import FINISHED, answer


async def request_row(world: World, request: JobRequest) -> Any:
    [row] = await world.rows("jobs", "select * from job_requests where id = $1", request.id)
    return row


async def test_every_field_of_a_job_follows_the_controller(units: Units, made: Made, world: World) -> None:
    request = await made.request()
    sync = Sync(units)
    await sync.apply(answer(job(request, status="pending")))
    told = job(
        request,
        status="failed",
        status_code="nonzero_exit",
        status_message="Job exited with an error: Boom",
        run_command="r:v2 x",
        metrics={"cpu_mean": 1.5, "container_id": "c"},
        trace_context={"traceparent": "00-1-2-03"},
        a_key_of_the_future=[1],
    )
    await sync.apply(answer(told))
    [row] = await world.rows("jobs", "select * from jobs")
    for name in ("identifier", "action", "run_command", "status", "status_code", "status_message"):
        assert row[name] == told[name]
    for name in ("created_at", "started_at", "completed_at", "updated_at"):
        assert row[name].isoformat() == told[name]
    assert json.loads(row["metrics"]) == told["metrics"]
    assert json.loads(row["trace_context"]) == told["trace_context"]


async def test_nulls_become_empty_text(units: Units, made: Made, world: World) -> None:
    request = await made.request()
    nulls = dict.fromkeys(("run_command", "status_message", "status_code", "metrics", "trace_context"))
    await Sync(units).apply(answer(job(request) | nulls))
    [row] = await world.rows("jobs", "select * from jobs")
    assert (row["run_command"], row["status_message"], row["status_code"]) == ("", "", "")
    assert (row["metrics"], row["trace_context"]) == (None, None)


async def test_jobs_the_controller_leaves_out_are_kept_and_the_request_goes_on(
    units: Units, made: Made, world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    request = await made.request()
    sync = Sync(units)
    await sync.apply(answer(job(request, "a", "running"), job(request, "b", "running")))
    await sync.apply(answer(job(request, "a", "succeeded")))
    assert len(await world.rows("jobs", "select from jobs")) == 2
    row = await request_row(world, request)
    assert (row["status"], row["running"], row["succeeded"]) == ("running", 1, 1)
    await sync.apply(answer(unknown=[request.rap_id]))
    assert (await request_row(world, request))["status"] == "running"
    assert "left out jobs" in capfd.readouterr().err
    assert FINISHED not in await world.announced("jobs")


async def test_a_job_that_regresses_takes_its_request_along_until_the_end(
    units: Units, made: Made, world: World
) -> None:
    """A reboot or database maintenance puts running jobs back (RAP30)."""
    request = await made.request()
    sync = Sync(units)
    for status, verdict in (("running", "running"), ("pending", "pending"), ("running", "running")):
        await sync.apply(answer(job(request, status=status)))
        assert (await request_row(world, request))["status"] == verdict
    [row] = await world.rows("jobs", "select started_at from jobs")
    assert row["started_at"]


async def test_completion_is_judged_by_status_and_never_by_a_time(
    units: Units, made: Made, world: World
) -> None:
    """A cancelled job has `completed_at` while it still runs (RAP31)."""
    request = await made.request()
    sync = Sync(units)
    await sync.apply(answer(job(request, status="running", completed_at="2026-11-24T09:30:00Z")))
    row = await request_row(world, request)
    assert (row["status"], row["completed_at"], row["live"]) == ("running", None, 1)
    assert FINISHED not in await world.announced("jobs")


async def test_the_times_of_a_request_are_those_of_its_first_and_last_job(
    units: Units, made: Made, world: World
) -> None:
    """J30"""
    request = await made.request()
    assert (await request_row(world, request))["completed_at"] is None
    sync = Sync(units)
    first = job(
        request, "a", "succeeded", started_at="2026-11-24T08:00:00Z", completed_at="2026-11-24T08:10:00Z"
    )
    await sync.apply(answer(first, job(request, "b", "running")))
    row = await request_row(world, request)
    assert (row["started_at"].hour, row["completed_at"]) == (8, None)
    await sync.apply(answer(first, job(request, "b", "failed", completed_at="2026-11-24T11:00:00Z")))
    row = await request_row(world, request)
    assert (row["completed_at"].hour, row["status_message"]) == (11, "Failed due to job failure")


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        (["Failed"], "failed"),
        (["failed", "Succeeded"], "failed"),
        (["0"], "unknown"),
        (["succeeded", "0"], "unknown"),
        (["foo"], "unknown"),
        (["foo", "bar"], "unknown"),
        (["failed", "foo"], "failed"),
        ([""], "pending"),
        (["pending", "failed", "succeeded"], "running"),
        (["nothing_to_do"], "nothing_to_do"),
        (["unknown_error_creating_jobs"], "unknown_error_creating_jobs"),
    ],
)
async def test_odd_and_old_statuses(
    units: Units, made: Made, world: World, states: list[str], verdict: str
) -> None:
    """J24 to J26"""
    request = await made.request()
    await Sync(units).apply(answer(*(job(request, f"a{n}", state) for n, state in enumerate(states))))
    assert (await request_row(world, request))["status"] == verdict


async def test_a_request_without_jobs_keeps_what_it_is(units: Units, made: Made, world: World) -> None:
    request = await made.request(status="unknown")
    await Sync(units).apply(answer(unknown=[request.rap_id]))
    assert (await request_row(world, request))["status"] == "unknown"


async def test_the_last_word_holds_every_job_in_the_order_in_which_they_started(
    units: Units, made: Made, world: World
) -> None:
    request = await made.request(will_notify=True)
    late = "2026-11-24T09:30:00Z"
    await Sync(units).apply(
        answer(
            job(request, "c", "failed", status_code="dependency_failed", started_at=None),
            job(request, "b", "succeeded", started_at=late, completed_at="2026-11-24T09:31:00Z"),
            job(
                request, "a", "failed", started_at="2026-11-24T09:00:00Z", completed_at="2026-11-24T08:59:00Z"
            ),
        )
    )
    [sent] = await world.rows("jobs", "select body from outbox where subject = $1", FINISHED)
    _, fact = decode(sent["body"])
    assert isinstance(fact, JobRequestFinished)
    assert (fact.status, fact.will_notify, fact.created_by_id, fact.workspace) == (
        "failed",
        True,
        1,
        "demo-workspace",
    )
    assert [(one.action, one.seconds) for one in fact.jobs] == [("a", 0), ("b", 60), ("c", 0)]


async def test_the_end_and_the_word_of_it_stand_or_fall_together(
    units: Units, made: Made, world: World
) -> None:
    """When the fact cannot be written the request has not ended either, and the next answer ends it."""
    request = await made.request()
    await world.rows(
        "jobs", "alter table outbox add constraint full_up check (subject not like '%finished%')"
    )
    sync = Sync(units)
    try:
        with pytest.raises(Exception, match="full_up"):
            await sync.apply(answer(job(request, status="succeeded")))
        assert (await request_row(world, request))["status"] == "pending"
        assert not await world.rows("jobs", "select from jobs")
    finally:
        await world.rows("jobs", "alter table outbox drop constraint full_up")
    await sync.apply(answer(job(request, status="succeeded")))
    assert (await request_row(world, request))["status"] == "succeeded"
    assert (await world.announced("jobs")).count(FINISHED) == 1


async def test_two_answers_at_once_about_different_jobs_of_one_request_lose_none(
    units: Units, made: Made, world: World
) -> None:
    request = await made.request()
    jobs = [job(request, f"a{n}", "succeeded") for n in range(6)]
    everything = answer(*jobs)
    await Sync(units).apply(answer(*(one | {"status": "running", "completed_at": None} for one in jobs)))
    await asyncio.gather(Sync(units).apply(everything), Sync(units).apply(answer(*jobs[:3])))
    await Sync(units).apply(everything)
    row = await request_row(world, request)
    assert (row["status"], row["total"], row["succeeded"], row["live"]) == ("succeeded", 6, 6, 0)
    assert (await world.announced("jobs")).count(FINISHED) == 1


async def test_a_sign_of_life_alone_is_written_rarely_and_told_when_written(
    units: Units, made: Made, world: World
) -> None:
    """RAP32"""
    request = await made.request()
    sync = Sync(units)
    for minute in ("00", "01", "02", "11"):
        await sync.apply(answer(job(request, updated_at=f"2026-11-24T09:{minute}:00Z")))
    [row] = await world.rows("jobs", "select updated_at from jobs")
    assert row["updated_at"].minute == 11
    assert len(await world.announced("jobs")) == 2


def test_an_answer_of_the_future_may_have_more_keys() -> None:
    body = b'{"jobs": [], "unrecognised_rap_ids": [], "more": {"x": 1}}'
    assert msgspec.json.decode(body, type=Answer).jobs == []
