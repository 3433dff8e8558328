"""Outbox rows to the broker: one leader per service, in order, at least once (stack §0.5, rulings 1.2.8)."""

import asyncio

import asyncpg
import nats.errors
import nats.js.errors
from kit.db import GONE
from kit.leader import Lead, leadership
from kit.logging import get
from kit.metrics import PUBLISHED
from nats.js import JetStreamContext

from messaging.connection import Nats
from messaging.topology import apply_to

log = get()
_BATCH = 500
_POLL = 1.0  # the backstop when a wake-up was lost
_KEEP_HOURS = 24

_WAITING = "select id, event_id, subject, body from outbox where published_at is null order by id limit $1"
_MARK = """
update outbox set published_at = clock_timestamp(), sequence = s.sequence
from unnest($1::bigint[], $2::bigint[]) as s(id, sequence) where outbox.id = s.id
"""
_LAST = "select stream, max(sequence) from outbox where sequence is not null group by stream"
_FORGET = "delete from outbox where published_at < now() - make_interval(hours => $1)"
_AGAIN = """
update outbox set published_at = null, sequence = null
where stream = $1 and sequence > $2
"""


class Relay:
    """Run in the worker. `woken` is set at commit by this process, or by the NATS ping of another."""

    def __init__(self, database_url: str, service: str, broker: Nats) -> None:
        self._url = database_url
        self._service = service
        self._broker = broker
        self.woken = asyncio.Event()

    def wake(self) -> None:
        self.woken.set()

    async def run(self) -> None:
        """For ever; whatever fails is tried again from the first unpublished row."""
        client = await self._broker.client()

        async def pinged(_: object) -> None:
            self.woken.set()

        await client.subscribe(f"wake.{self._service}", cb=pinged)
        js = client.jetstream(timeout=5)
        while True:
            try:
                async with leadership(self._url, f"{self._service}.relay") as lead:
                    await apply_to(js)
                    await self._refill(lead, js)
                    await self._lead(lead, js)
            except (*GONE, asyncpg.PostgresError, OSError, TimeoutError) as exc:
                log.warning("relay lost the database", error=repr(exc))
            except (nats.errors.Error, nats.js.errors.Error) as exc:
                log.warning("relay lost the broker", error=repr(exc))
            await asyncio.sleep(0.5)

    async def _lead(self, lead: Lead, js: JetStreamContext) -> None:
        turns = 0
        while True:
            self.woken.clear()
            while await publish_batch(lead.connection, js):
                pass
            if turns % 3600 == 0:
                await lead.connection.execute(_FORGET, _KEEP_HOURS)
            turns += 1
            try:
                async with asyncio.timeout(_POLL):  # Python 3.11's wait_for can swallow a cancellation
                    await self.woken.wait()
            except TimeoutError:
                await lead.check()

    async def _refill(self, lead: Lead, js: JetStreamContext) -> None:
        """A broker that lost its last seconds is behind what we know it had: send those rows again."""
        for stream, sequence in await lead.connection.fetch(_LAST):
            has = (await js.stream_info(stream)).state.last_seq
            if has < sequence:
                again = await lead.connection.execute(_AGAIN, stream, has)
                log.warning("the broker lost messages", stream=stream, has=has, had=sequence, again=again)


async def publish_batch(connection: asyncpg.Connection, js: JetStreamContext) -> int:
    """Publish the oldest waiting rows in order and mark them; how many there were."""
    rows = await connection.fetch(_WAITING, _BATCH)
    if not rows:
        return 0
    futures = [
        await js.publish_async(row["subject"], row["body"], headers={"Nats-Msg-Id": str(row["event_id"])})
        for row in rows
    ]
    async with asyncio.timeout(10):
        acks = await asyncio.gather(*futures)
    await connection.execute(_MARK, [row["id"] for row in rows], [ack.seq for ack in acks])
    PUBLISHED.inc(len(rows))
    return len(rows)
