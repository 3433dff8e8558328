"""Durable consumers: batches, an inbox in the same transaction, back-off, dead letters (ADR 6)."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import nats.errors
import nats.js.errors
import sqlalchemy as sa
from kit import telemetry
from kit.logging import get
from kit.metrics import MESSAGES
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from sqlalchemy.dialects.postgresql import ARRAY

from messaging.connection import boot_of
from messaging.envelope import Envelope, Unreadable, decode
from messaging.owners import MissingReplica, Owners
from messaging.quarantine import RELAY
from messaging.subscriptions import Subscription
from messaging.topology import stream_of
from messaging.uow import Units

log = get()
BACKOFF = (1, 2, 5, 15, 60, 180, 600)  # seconds; after the last one the message is a dead letter
_BATCH = 100
_ACK_WAIT = 60

_FIRST_TIME = sa.text("""
insert into inbox (consumer, event_id) select :consumer, unnest(:ids)
on conflict do nothing returning event_id
""").bindparams(sa.bindparam("consumer", type_=sa.Text), sa.bindparam("ids", type_=ARRAY(sa.Uuid)))
dead_letters = sa.table(
    "dead_letters",
    sa.column("id"),
    sa.column("consumer"),
    sa.column("subject"),
    sa.column("body"),
    sa.column("reason"),
    sa.column("replayed_at"),
)

_REPUBLISH = sa.text("""
insert into outbox (event_id, stream, subject, body)
select :event_id, :stream, subject, body from dead_letters where id = :id
""")


async def handle(subscription: Subscription, units: Units, messages: Sequence[tuple[Envelope, Any]]) -> None:
    """Effects, inbox rows and own events of these messages, in one transaction; repeats do nothing."""
    async with units() as uow:
        ids = [envelope.id for envelope, _ in messages]
        inserted = await uow.session.execute(_FIRST_TIME, {"consumer": subscription.name, "ids": ids})
        fresh = set(inserted.scalars())
        todo: list[tuple[Envelope, Any]] = []
        for envelope, event in messages:
            if envelope.id in fresh:
                fresh.discard(envelope.id)
                todo.append((envelope, event))
        for kind, batch in subscription.batches.items():
            if chosen := [event for _, event in todo if type(event) is kind]:
                await batch(uow, chosen)
        for envelope, event in todo:
            if handler := subscription.handlers.get(type(event)):
                telemetry.traceparent.set(envelope.traceparent or "")
                telemetry.request_id.set(envelope.requestid or "")
                await handler(uow, event)


class Consumer:
    """Pulls one subscription for ever."""

    def __init__(
        self, subscription: Subscription, units: Units, client: Client, owners: Owners | None = None
    ) -> None:
        self.subscription = subscription
        self._owners = owners
        self._units = units
        self._client = client

    async def run(self) -> None:
        while True:
            try:
                await self._pull()
            except (nats.errors.Error, nats.js.errors.Error, OSError, TimeoutError) as exc:
                log.warning("consumer lost the broker", consumer=self.subscription.name, error=repr(exc))
                await asyncio.sleep(0.5)

    async def _pull(self) -> None:
        js = self._client.jetstream(timeout=5)
        config = ConsumerConfig(
            durable_name=self.subscription.name,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=_ACK_WAIT,
            max_deliver=-1,  # at a limit JetStream would fall silent; ours end as dead letters
            max_ack_pending=2000,
            filter_subjects=self.subscription.subjects,
        )
        await js.add_consumer(self.subscription.stream, config)
        pull = await js.pull_subscribe_bind(self.subscription.name, self.subscription.stream)
        boot = boot_of(self._client)
        try:
            while True:
                try:
                    messages = await pull.fetch(_BATCH, timeout=5)
                except nats.errors.TimeoutError:
                    if boot != boot_of(self._client):
                        return  # it may have lost the consumer, or the stream: they are made again
                    continue
                await self.deliver(messages)
        finally:
            if self._client.is_connected:
                with suppress(nats.errors.Error):
                    await pull.unsubscribe()

    async def deliver(self, messages: Sequence[Msg]) -> None:
        """The whole batch at once; if that fails each message alone, so that only the bad one waits."""
        readable: list[tuple[Msg, tuple[Envelope, Any]]] = []
        for message in messages:
            try:
                readable.append((message, decode(message.data)))
            except Unreadable as exc:
                await self._dead_letter(message, exc)
        if not readable:
            return
        try:
            await self._handle([pair for _, pair in readable])
        except Exception as exc:  # whatever failed, each message gets its own verdict
            if len(readable) == 1:
                return await self._failed(readable[0][0], exc)
            for message, pair in readable:
                await self._alone(message, pair)
        else:
            MESSAGES.labels(self.subscription.name, "ok").inc(len(readable))
            for message, _ in readable:
                await message.ack()

    async def _handle(self, pairs: Sequence[tuple[Envelope, Any]]) -> None:
        """Raises what is the messages' own fault; while the database is away nothing is, so they wait."""
        while True:
            try:
                return await handle(self.subscription, self._units, pairs)
            except Exception:
                if await self._database_answers():
                    raise
            log.warning("consumer waits for the database", consumer=self.subscription.name)
            await asyncio.sleep(1)

    async def _database_answers(self) -> bool:
        try:
            await self._units.database.ping()
        except Exception:  # whatever it says, it cannot be worked with
            return False
        return True

    async def _alone(self, message: Msg, pair: tuple[Envelope, Any]) -> None:
        try:
            await self._handle([pair])
        except Exception as exc:  # becomes a later try or a dead letter
            await self._failed(message, exc)
        else:
            MESSAGES.labels(self.subscription.name, "ok").inc()
            await message.ack()

    async def _failed(self, message: Msg, exc: Exception) -> None:
        attempt = message.metadata.num_delivered
        log.warning(
            "delivery failed",
            consumer=self.subscription.name,
            subject=message.subject,
            attempt=attempt,
            exc_info=exc,
        )
        MESSAGES.labels(self.subscription.name, "failed").inc()
        if attempt == 1 and await self._fetched(exc):
            return await message.nak()
        if attempt <= len(BACKOFF):
            return await message.nak(delay=BACKOFF[attempt - 1])
        await self._dead_letter(message, exc)

    async def _fetched(self, exc: Exception) -> bool:
        """Whether what the handler missed is here now, so that trying at once makes sense."""
        if not isinstance(exc, MissingReplica) or self._owners is None:
            return False
        return await self._owners.fetch_missing(exc.wanted)

    async def _dead_letter(self, message: Msg, exc: Exception) -> None:
        async with self._units() as uow:
            row = {
                "consumer": self.subscription.name,
                "subject": message.subject,
                "body": message.data,
                "reason": repr(exc),
            }
            await uow.session.execute(sa.insert(dead_letters).values(row))
        MESSAGES.labels(self.subscription.name, "dead").inc()
        log.error("message given up", consumer=self.subscription.name, subject=message.subject)
        await message.term()


async def replay(units: Units, subscriptions: Sequence[Subscription], dead_letter_id: int) -> None:
    """Handle a dead letter again, or say again what the relay set aside.

    Raises what the handler raises, and LookupError for an unknown id.
    """
    async with units() as uow:
        row = (
            await uow.session.execute(
                sa.select(dead_letters).where(dead_letters.c.id == dead_letter_id).with_for_update()
            )
        ).one_or_none()
        chosen = next((s for s in subscriptions if row is not None and s.name == row.consumer), None)
        if row is not None and row.consumer == RELAY:
            again = {"event_id": decode(row.body)[0].id, "stream": stream_of(row.subject)}
            await uow.session.execute(_REPUBLISH, again | {"id": dead_letter_id})
        elif row is None or chosen is None:
            raise LookupError(dead_letter_id)
        else:
            await handle(chosen, units, [decode(row.body)])
        await uow.session.execute(
            sa.update(dead_letters)
            .where(dead_letters.c.id == dead_letter_id)
            .values(replayed_at=sa.func.now())
        )
