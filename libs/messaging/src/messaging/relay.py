"""Outbox rows to the broker: one leader per service, in order, at least once (ADR 6)."""

import asyncio

import asyncpg
import nats.errors
import nats.js.errors
from kit.db import CONNECTION_LOST
from kit.leader import Lead, leadership
from kit.logging import get
from kit.metrics import PUBLISHED
from nats.aio.client import Client
from nats.js import JetStreamContext

from messaging.connection import Nats, boot_of
from messaging.lost import discard_acknowledgements, resend_lost
from messaging.quarantine import publish, refused, set_aside
from messaging.topology import apply_to

log = get()
_BATCH = 500
_POLL = 1.0  # the backstop when a wake-up was lost
_RETENTION_HOURS = 24

_WAITING = "select id, event_id, subject, body from outbox where published_at is null order by id limit $1"
_MARK = """
update outbox set published_at = clock_timestamp(), sequence = s.sequence, boot = $3
from unnest($1::bigint[], $2::bigint[]) as s(id, sequence) where outbox.id = s.id
"""
_LAST = """
select stream, max(sequence) as sequence from outbox
where published_at is not null and boot = $1 group by stream
"""
_DELETE_OLD = "delete from outbox where published_at < now() - make_interval(hours => $1)"


class Relay:
    """Run in the worker. `wakeup` is set at commit by this process, or by the NATS ping of another."""

    def __init__(self, database_url: str, service: str, broker: Nats) -> None:
        self._url = database_url
        self._service = service
        self._broker = broker
        self.wakeup = asyncio.Event()

    def wake_relay(self) -> None:
        self.wakeup.set()

    async def run(self) -> None:
        """For ever; whatever fails is tried again from the first unpublished row."""
        client = await self._broker.client()

        async def pinged(_: object) -> None:
            self.wakeup.set()

        await client.subscribe(f"wake.{self._service}", cb=pinged)
        while True:
            try:
                async with leadership(self._url, f"{self._service}.relay") as lead:
                    await self._lead(lead, client)
            except (*CONNECTION_LOST, asyncpg.PostgresError, OSError, TimeoutError) as exc:
                log.warning("relay lost the database", error=repr(exc))
            except (nats.errors.Error, nats.js.errors.Error) as exc:
                log.warning("relay lost the broker", error=repr(exc))
            await asyncio.sleep(0.5)

    async def _lead(self, lead: Lead, client: Client) -> None:
        """A broker that was started again may have lost something: it is asked before more is said."""
        js = client.jetstream(timeout=5)
        batches = Batches(lead.connection, js, client)
        boot, turns = None, 0
        while True:
            self.wakeup.clear()
            if boot != boot_of(client):
                boot = boot_of(client)
                await apply_to(js)
                await resend_lost(lead.connection, js, boot)
                await batches.remember(boot)
            while boot == boot_of(client) and await batches.publish():
                if batches.contradicted:
                    await discard_acknowledgements(lead.connection)
                    boot, batches.contradicted = None, False
            if turns % 3600 == 0:
                await lead.connection.execute(_DELETE_OLD, _RETENTION_HOURS)
            turns += 1
            try:
                async with asyncio.timeout(_POLL):  # Python 3.11's wait_for can swallow a cancellation
                    await self.wakeup.wait()
            except TimeoutError:
                await lead.check()


class Batches:
    """The outbox, batch by batch. `contradicted`: a sequence did not follow the last one of its stream."""

    def __init__(self, connection: asyncpg.Connection, js: JetStreamContext, client: Client) -> None:
        self._connection = connection
        self._js = js
        self._client = client
        self._last: dict[str, int] = {}
        self.contradicted = False

    async def remember(self, boot: str) -> None:
        """What an earlier leader was told too: a stream that was deleted since begins at 1 again."""
        rows = await self._connection.fetch(_LAST, boot)
        self._last = {row["stream"]: row["sequence"] for row in rows}

    async def publish(self) -> int:
        """The oldest waiting rows in order, and marked; how many there were.

        What the broker will never take is set aside, so that the others go on.
        """
        rows = await self._connection.fetch(_WAITING, _BATCH)
        never = {row["id"]: refused(row["subject"], row["body"], self._client) for row in rows}
        good = [row for row in rows if never[row["id"]] is None]
        boot = boot_of(self._client)
        acks: list[tuple[int, int]] = []
        for row, answer in zip(good, await publish(self._js, good), strict=True):
            if isinstance(answer, str):
                never[row["id"]] = answer
                continue
            acks.append((row["id"], answer.seq))
            if not answer.duplicate:
                self.contradicted |= answer.seq <= self._last.get(answer.stream, 0)
                self._last[answer.stream] = answer.seq
        if boot != boot_of(self._client):
            boot = ""  # which of the two starts has it is not known: it is looked at again
        await self._connection.execute(_MARK, [id_ for id_, _ in acks], [seq for _, seq in acks], boot)
        if reasons := {id_: why for id_, why in never.items() if why is not None}:
            await set_aside(self._connection, reasons)
        PUBLISHED.inc(len(acks))
        return len(rows)
