"""A status answer becomes rows, facts and one end, however often it is told."""

import asyncio
import json
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from jobs.models import JobRequest
from jobs.rap.sync import Sync
from messaging.uow import Units
from testkit.world import World

from .conftest import Made, job


def answer(*jobs: dict[str, Any], unknown: list[str] | None = None) -> bytes:
    return json.dumps({"jobs": jobs, "unrecognised_rap_ids": unknown or []}).encode()


async def status_of(world: World, request: JobRequest) -> str:
    [row] = await world.rows("jobs", "select status from job_requests where id = $1", request.id)
    return str(row["status"])


FINISHED = "jobs.job_request.finished.v1"


async def test_a_request_goes_from_pending_to_its_end_and_ends_once(
    units: Units, made: Made, world: World
) -> None:
    request = await made.request(requested_actions=["a", "b"])
    sync = Sync(units)
    for states, verdict in (
        (("pending", "pending"), "pending"),
        (("running", "pending"), "running"),
        (("succeeded", "running"), "running"),
        (("succeeded", "succeeded"), "succeeded"),
    ):
        jobs = [job(request, action, state) for action, state in zip("ab", states, strict=True)]
        applied = await sync.apply(answer(*jobs))
        assert applied.changed == {request.rap_id}
        assert await status_of(world, request) == verdict
        assert (await sync.apply(answer(*jobs))).changed == frozenset()
    assert (await world.announced("jobs")).count(FINISHED) == 1


async def test_a_new_process_that_hears_old_news_writes_nothing(
    units: Units, made: Made, world: World
) -> None:
    request = await made.request()
    body = answer(job(request, status="succeeded"))
    await Sync(units).apply(body)
    before = await world.announced("jobs")
    assert (await Sync(units).apply(body)).changed == frozenset()
    assert await world.announced("jobs") == before


async def test_two_processes_that_hear_the_end_at_once_tell_it_once(
    units: Units, made: Made, world: World
) -> None:
    requests = [await made.request(n) for n in range(5)]
    body = answer(*(job(request, status="succeeded") for request in requests))
    await asyncio.gather(*(Sync(units).apply(body) for _ in range(3)))
    assert (await world.announced("jobs")).count(FINISHED) == 5


async def test_an_end_is_never_left_again(units: Units, made: Made, world: World) -> None:
    request = await made.request()
    sync = Sync(units)
    await sync.apply(answer(job(request, status="failed")))
    await sync.apply(answer(job(request, status="running")))
    assert await status_of(world, request) == "failed"
    assert (await world.announced("jobs")).count(FINISHED) == 1


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        (["succeeded", "failed"], "failed"),
        (["failed", "running"], "running"),
        (["pending", "failed"], "running"),
        (["succeeded", "pending"], "running"),
        (["unknown", "unknown"], "unknown"),
        (["succeeded", "unknown"], "unknown"),
        (["Succeeded", "SUCCEEDED"], "succeeded"),
        (["strange"], "unknown"),
    ],
)
async def test_what_the_jobs_are_decides_what_the_request_is(
    units: Units, made: Made, world: World, states: list[str], verdict: str
) -> None:
    """J25"""
    request = await made.request()
    jobs = [job(request, f"action{n}", state) for n, state in enumerate(states)]
    await Sync(units).apply(answer(*jobs))
    assert await status_of(world, request) == verdict


CANCELLED = {"status": "failed", "status_code": "cancelled_by_user"}
BLOCKED = {"status": "failed", "status_code": "dependency_failed"}


@pytest.mark.parametrize(
    ("jobs", "verdict", "counts"),
    [
        ([{"status": "succeeded"}] * 5 + [BLOCKED] * 6 + [CANCELLED], "cancelled", (5, 0, 6, 1)),
        ([CANCELLED, CANCELLED], "cancelled", (0, 0, 0, 2)),
        ([CANCELLED, {"status": "failed"}, BLOCKED], "failed", (0, 1, 1, 1)),
        ([{"status": "succeeded"}, BLOCKED], "failed", (1, 0, 1, 0)),
        ([CANCELLED, {"status": "running"}], "running", (0, 0, 0, 1)),
    ],
)
async def test_cancelled_and_blocked_are_not_failed(
    units: Units,
    made: Made,
    world: World,
    jobs: list[dict[str, Any]],
    verdict: str,
    counts: tuple[int, ...],
) -> None:
    """Any that failed: Failed. Otherwise any that was cancelled: Cancelled (J26)."""
    request = await made.request()
    await Sync(units).apply(answer(*(job(request, f"action{n}", **one) for n, one in enumerate(jobs))))
    assert await status_of(world, request) == verdict
    query = "select succeeded, failed, blocked, cancelled from job_requests where id = $1"
    assert tuple((await world.rows("jobs", query, request.id))[0]) == counts


async def test_the_number_of_statements_does_not_grow_with_the_number_of_jobs(
    units: Units, made: Made, world: World
) -> None:
    statements: list[str] = []

    @sa.event.listens_for(units.database.engine.sync_engine, "before_cursor_execute")
    def count(_: object, __: object, statement: str, *rest: object) -> None:
        statements.append(statement)

    counts = []
    for size in (10, 200):
        requests = [await made.request(size * 1000 + n) for n in range(size)]
        sync = Sync(units)
        for status in ("pending", "running", "succeeded"):
            body = answer(*(job(r, f"action{a}", status) for r in requests for a in range(3)))
            statements.clear()
            await sync.apply(body)
            counts.append((status, len(statements)))
            statements.clear()
            await sync.apply(body)
            assert statements == [], "nothing changed, so nothing is asked"
    assert counts[:3] == counts[3:]


async def test_jobs_of_a_request_we_do_not_know_are_left_alone(
    units: Units, made: Made, world: World
) -> None:
    request = await made.request()
    stranger = job(request) | {"rap_id": "zzzzzzzzzzzzzzzz", "identifier": "stranger"}
    applied = await Sync(units).apply(answer(stranger, unknown=["yyyyyyyyyyyyyyyy"]))
    assert applied.unrecognised == {"yyyyyyyyyyyyyyyy"}
    assert not await world.rows("jobs", "select from jobs")


async def test_a_job_never_moves_to_another_request(units: Units, made: Made, world: World) -> None:
    one, other = await made.request(1), await made.request(2)
    sync = Sync(units)
    await sync.apply(answer(job(one, identifier="same")))
    await sync.apply(answer(job(other, identifier="same", status="failed")))
    [row] = await world.rows("jobs", "select job_request_id, status from jobs")
    assert (row["job_request_id"], row["status"]) == (one.id, "running")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"<html>", b'{"jobs": [{}]}', b'{"jobs": [{"identifier": 3}]}', b"\xff"]
)
async def test_nonsense_changes_nothing(units: Units, made: Made, world: World, body: bytes) -> None:
    await made.request()
    with pytest.raises(msgspec.MsgspecError):
        await Sync(units).apply(body)
    assert not await world.announced("jobs")


async def test_the_newest_result_of_each_action_is_kept(units: Units, made: Made, world: World) -> None:
    old, new = await made.request(1), await made.request(2)
    sync = Sync(units)
    await sync.apply(answer(job(new, status="failed", created_at="2026-11-24T10:00:00Z")))
    await sync.apply(answer(job(old, status="succeeded", created_at="2026-11-24T08:00:00Z")))
    [row] = await world.rows("jobs", "select job_request_id, status from action_status")
    assert (row["job_request_id"], row["status"]) == (new.id, "failed")
