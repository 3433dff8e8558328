"""Messages over a real JetStream into one subscription."""

import asyncio
from uuid import uuid4

import sqlalchemy as sa
from contracts.base import Event, State
from kit.db import Database
from messaging.connection import connect, end
from messaging.consumer import Consumer, dead_letters
from messaging.envelope import encode
from messaging.owners import Owners
from messaging.subscriptions import Subscription
from messaging.topology import apply_to, stream_of
from messaging.uow import Units

from testkit.world import World


class Bus:
    """`deliver` publishes a message `times` times and returns when the subscription has handled them all."""

    def __init__(self, world: World, service: str) -> None:
        self.world = world
        self.service = service
        self.database = Database(world.url(service), sessions_max=3, pool_max=1)
        self.units = Units(self.database, service, lambda: None)
        self.owners: Owners | None = None  # whom a consumer asks for what is missing

    async def deliver(self, subscription: Subscription, *messages: Event | State, times: int = 1) -> None:
        client = await connect(self.world.nats_url, "bus")
        try:
            js = client.jetstream(timeout=5)
            await apply_to(js)
            await js.purge_stream(subscription.stream)
            consumer = Consumer(subscription, self.units, client, self.owners)
            pulling = asyncio.create_task(consumer.run())
            for message in messages:
                _, subject, body = encode("test", message)
                assert stream_of(subject) == subscription.stream, "the subscription listens to another stream"
                for _ in range(times):
                    # Each copy has an id of its own for the broker and the same event id for the inbox.
                    ack = await js.publish(subject, body, headers={"Nats-Msg-Id": uuid4().hex})
            await self._drained(js, subscription, ack.seq)
            await end(pulling)
        finally:
            await client.close()

    async def _drained(self, js: object, subscription: Subscription, last: int) -> None:
        for _ in range(500):
            try:
                info = await js.consumer_info(subscription.stream, subscription.name)  # type: ignore[attr-defined]
            except Exception:  # not made yet
                await asyncio.sleep(0.01)
                continue
            if info.delivered.stream_seq >= last and info.num_pending == 0 and info.num_ack_pending == 0:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the subscription did not drain")

    async def dead(self) -> list[str]:
        async with self.database.sessions() as session:
            return list((await session.execute(sa.select(dead_letters.c.subject))).scalars())

    async def close(self) -> None:
        await self.database.close()
