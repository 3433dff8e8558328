"""A status answer into the database: as many statements for one job as for thousands."""

import json
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress

import msgspec
import sqlalchemy as sa
from contracts.base import Event
from contracts.jobs import FinishedJob, JobRequestFinished, JobRequestStatusChanged
from contracts.statuses import ACTIVE
from kit.logging import get
from kit.words import DETAIL, STATUS_MESSAGE, cut
from messaging.uow import UnitOfWork, Units

from jobs.models import facts_of
from jobs.rap import sql

log = get()


class RapJob(msgspec.Struct):
    """What is read of a job; keys the controller may add later are ignored."""

    identifier: str
    rap_id: str
    action: str
    status: str
    created_at: str
    run_command: str | None = ""
    status_code: str | None = ""
    status_message: str | None = ""
    updated_at: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    trace_context: msgspec.Raw = msgspec.Raw(b"null")
    metrics: msgspec.Raw = msgspec.Raw(b"null")


class Answer(msgspec.Struct):
    jobs: list[RapJob]
    unrecognised_rap_ids: list[str] = []


class Applied(msgspec.Struct, frozen=True):
    """Which requests of the batch changed, and which the controller does not know."""

    changed: frozenset[str]
    unrecognised: frozenset[str]


def _bounded(job: RapJob) -> RapJob:
    """What it says of itself has a bound where it is kept (J37)."""
    for name, limit in _TEXTS:
        if len(text := getattr(job, name) or "") > limit // 4:
            setattr(job, name, cut(text, limit))
    if len(bytes(job.metrics)) > DETAIL:
        job.metrics = _NOTHING
    if len(bytes(job.trace_context)) > STATUS_MESSAGE:
        job.trace_context = _NOTHING
    return job


_NOTHING = msgspec.Raw(b"null")
_TEXTS = (("status_message", STATUS_MESSAGE), ("run_command", STATUS_MESSAGE), ("status_code", 200))
_decode = msgspec.json.Decoder(Answer).decode


def _read(body: bytes) -> Answer:
    """PostgreSQL keeps neither NUL nor half a surrogate pair, which Python's json writes without a word."""
    body = body.replace(rb"\u0000", rb"\ufffd")  # of the same length, so that an escaped backslash stays one
    try:
        return _decode(body)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        with suppress(ValueError):
            return _decode(json.dumps(json.loads(body), ensure_ascii=False).encode(errors="replace"))
        raise


_TEN_MINUTES = 15  # characters of a timestamp; updated_at alone moves every minute and says nothing


def _fingerprint(jobs: Sequence[RapJob]) -> int:
    """Of all that matters of a request's jobs; order does not."""
    return hash(
        frozenset(
            (
                job.identifier,
                job.status,
                job.status_code,
                job.status_message,
                job.started_at,
                job.completed_at,
                (job.updated_at or "")[:_TEN_MINUTES],
                bytes(job.metrics) if job.status not in ("running", "pending") else b"",
            )
            for job in jobs
        )
    )


class Sync:
    """Remembers what it last wrote of each request, so that what did not change costs no SQL."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._written: dict[str, int] = {}

    async def apply(self, body: bytes) -> Applied:
        """Raises msgspec.DecodeError for what is not a status answer; nothing is written then."""
        answer = _read(body)
        by_rap: dict[str, list[RapJob]] = defaultdict(list)
        for job in answer.jobs:
            by_rap[job.rap_id].append(job)
        prints = {rap_id: _fingerprint(jobs) for rap_id, jobs in by_rap.items()}
        fresh = [rap_id for rap_id, now in prints.items() if self._written.get(rap_id) != now]
        changed: set[str] = set()
        if fresh:
            changed = await self._write({rap_id: by_rap[rap_id] for rap_id in fresh})
            if len(self._written) > 100_000:
                self._written.clear()
            self._written.update({rap_id: prints[rap_id] for rap_id in fresh})
        return Applied(frozenset(changed), frozenset(answer.unrecognised_rap_ids))

    async def _write(self, sent: dict[str, list[RapJob]]) -> set[str]:
        async with self._units() as uow:
            rows = msgspec.json.encode([_bounded(job) for jobs in sent.values() for job in jobs]).decode()
            written = (await uow.session.execute(sql.UPSERT, {"jobs": rows})).all()
            existing = (await uow.session.execute(sql.EXISTING_JOBS, {"rap_ids": list(sent)})).all()
            _compare(sent, {row.rap_id: row.jobs for row in existing})
            if not written:
                return set()
            changes = {row.job_request_id: row.changes for row in written}
            ids = list(changes)
            requests = (await uow.session.execute(sql.RECOMPUTE, {"ids": ids})).all()
            await uow.session.execute(sql.ACTIONS, {"ids": ids})
            finished = [r.id for r in requests if r.old_status in ACTIVE and r.status not in ACTIVE]
            over = set(finished)  # of these the last word says enough
            uow.publish(*[_changed(r, changes[r.id]) for r in requests if r.id not in over])
            if finished:
                uow.publish(*await finish_facts(uow, finished))
            return {request.rap_id for request in requests}


def _compare(sent: dict[str, list[RapJob]], existing: dict[str, int]) -> None:
    """Jobs are never deleted because the controller leaves them out, but it is logged (J33)."""
    if strangers := sent.keys() - existing.keys():
        log.warning("the controller told of requests that are not ours", rap_ids=sorted(strangers)[:10])
    if vanished := [rap_id for rap_id, jobs in sent.items() if existing.get(rap_id, 0) > len(jobs)]:
        log.error("the controller left out jobs that it had told of", rap_ids=sorted(vanished)[:10])


def _changed(request: sa.Row[tuple[object, ...]], jobs: int) -> Event:
    return JobRequestStatusChanged(
        **facts_of(request),
        status=request.status,
        changed_jobs=jobs,
    )


_counts = msgspec.json.Decoder(dict[str, int]).decode
_finished_jobs = msgspec.json.Decoder(list[FinishedJob]).decode


async def finish_facts(uow: UnitOfWork, ids: Sequence[int]) -> list[Event]:
    """The last word on requests that just ended, with all their jobs."""
    rows = await uow.session.execute(sql.FINISHED, {"ids": list(ids)})
    return [
        JobRequestFinished(
            **facts_of(row),
            status=row.status,
            status_message=row.status_message,
            backend_name=row.backend_name,
            will_notify=row.will_notify,
            jobs=_finished_jobs(row.jobs),
            counts=_counts(row.counts),
        )
        for row in rows
    ]
