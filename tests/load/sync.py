"""The status sync alone, from the bytes of an answer to the commit, and from there to a browser."""

import asyncio
import re
import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import asyncpg
import orjson
import sqlalchemy as sa
from jobs.rap.poller import BATCH
from jobs.rap.sync import Sync
from kit.db import Database
from messaging.connection import Nats
from messaging.uow import Units
from runs import ACTIONS
from seed import FIRST, PERSON, workspace

REQUESTS, OFFSET = 1_000, 2_000_000  # apart from the requests that were seeded
_NOW = datetime.now(UTC).replace(microsecond=0)


def rap_id(number: int) -> str:
    """Of the alphabet a-z2-7, in order."""
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    return "".join(letters[number >> 5 * place & 31] for place in range(15, -1, -1))


async def fresh_requests(superuser_url: str) -> None:
    """A thousand requests that nothing has happened to; the running poller is not asked to follow them."""
    connection = await asyncpg.connect(superuser_url)
    try:
        ids = [FIRST + OFFSET + n for n in range(REQUESTS)]
        await connection.execute("delete from jobs.jobs where job_request_id = any($1)", ids)
        await connection.execute("delete from jobs.job_requests where id = any($1)", ids)
        rows = [
            (
                request,
                rap_id(request),
                FIRST + n % 300,
                workspace(n % 300),
                FIRST + n % 60,
                "tpp",
                PERSON,
                f"sync-{n}",
                list(ACTIONS),
                "a" * 40,
                "main",
                "pending",
                False,
                False,
                True,
            )
            for n, request in enumerate(ids)
        ]
        columns = (
            "id rap_id workspace_id workspace project_id backend created_by_id key requested_actions sha "
            "branch status force_run_dependencies will_notify codelists_ok"
        )
        await connection.copy_records_to_table(
            "job_requests", schema_name="jobs", columns=columns.split(), records=rows
        )
        await connection.execute("vacuum analyze jobs.jobs, jobs.job_requests")
    finally:
        await connection.close()


def _job(request: int, turn: int, status: str, code: str, minute: int) -> dict[str, Any]:
    at = (_NOW + timedelta(minutes=minute)).isoformat()
    begun = status != "pending"
    return {
        "identifier": f"sync{request:06d}{turn:06d}",
        "rap_id": rap_id(FIRST + OFFSET + request),
        "action": ACTIONS[turn],
        "backend": "tpp",
        "run_command": f"python:latest python analysis/{ACTIONS[turn]}.py",
        "requires_db": turn == 0,
        "status": status,
        "status_code": code,
        "status_message": {"created": "Created", "executing": "Executing job on the backend"}.get(
            code, "Done"
        ),
        "created_at": _NOW.isoformat(),
        "started_at": _NOW.isoformat() if begun else None,
        "updated_at": at,
        "completed_at": at if status == "succeeded" else None,
        "trace_context": {"traceparent": f"00-{request:032x}-{turn:016x}-01"},
        "metrics": {"cpu_sample": 50.0 + minute, "mem_mb_peak": 512} if begun else {},
    }


def answers(status: str, code: str, minute: int) -> list[bytes]:
    """What the controller answers to the poller's batches."""
    made = []
    for first in range(0, REQUESTS, BATCH):
        jobs = [
            _job(r, turn, status, code, minute)
            for r in range(first, first + BATCH)
            for turn in range(len(ACTIONS))
        ]
        made.append(orjson.dumps({"jobs": jobs, "unrecognised_rap_ids": []}))
    return made


async def measure(environment: dict[str, str], superuser_url: str) -> list[tuple[str, float, float]]:
    """(what, jobs per second, statements per batch); two batches at a time, as the poller does."""
    await fresh_requests(superuser_url)
    database, broker = Database(environment["DATABASE_URL"]), Nats(environment["NATS_URL"], "bench")
    broker.start()
    sync = Sync(Units(database, "jobs", lambda: broker.say("wake.jobs")))
    statements = 0

    @sa.event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    found = []
    for what, status, code, minute in (
        ("all new", "pending", "created", 0),
        ("all changed (now running)", "running", "executing", 1),
        ("none changed", "running", "executing", 1),
        ("none changed but updated_at", "running", "executing", 2),
        ("all changed (now succeeded)", "succeeded", "succeeded", 3),
    ):
        bodies = answers(status, code, minute)
        statements, started = 0, time.perf_counter()
        for pair in range(0, len(bodies), 2):
            await asyncio.gather(*(sync.apply(body) for body in bodies[pair : pair + 2]))
        took = time.perf_counter() - started
        found.append((what, REQUESTS * len(ACTIONS) / took, statements / len(bodies)))
        await asyncio.sleep(1.5)
    await broker.close()
    await database.close()
    return found


async def commit_to_browser(
    url: str, environment: dict[str, str], superuser_url: str, rounds: int
) -> list[float]:
    """Milliseconds from the commit of a changed job to its event in a browser's stream, sorted."""
    await fresh_requests(superuser_url)
    database, broker = Database(environment["DATABASE_URL"]), Nats(environment["NATS_URL"], "bench")
    broker.start()
    sync = Sync(Units(database, "jobs", lambda: broker.say("wake.jobs")))
    topic = f"request:{FIRST + OFFSET}"
    times = []
    async with (
        aiohttp.ClientSession() as browser,
        browser.get(f"{url}/live", params={"topic": topic}) as stream,
    ):
        await stream.content.readuntil(b"\n\n")
        for turn in range(rounds):
            job = _job(0, 0, "running", "executing", 1) | {"status_message": f"Step {turn}"}
            await sync.apply(orjson.dumps({"jobs": [job], "unrecognised_rap_ids": []}))
            committed = time.perf_counter()
            while not re.search(rb'"topic"', await asyncio.wait_for(stream.content.readuntil(b"\n\n"), 5)):
                pass
            times.append((time.perf_counter() - committed) * 1000)
            await asyncio.sleep(0.02)
    await broker.close()
    await database.close()
    return sorted(times)


def summary(times: list[float]) -> str:
    return f"p50 {statistics.median(times):.1f} ms, p99 {times[int(len(times) * 0.99)]:.1f} ms"
