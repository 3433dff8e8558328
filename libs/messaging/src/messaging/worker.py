"""The parts of every worker: relay, consumers, and the service's own loops, stopped together."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from kit import process
from kit.db import Database
from kit.http import Client
from kit.identity import Signer
from kit.logging import get
from kit.settings import ServiceSettings

from messaging.connection import Nats, end
from messaging.consumer import Consumer
from messaging.owners import Owners
from messaging.relay import Relay
from messaging.subscriptions import Subscription
from messaging.uow import Units

log = get()
_CLEAN = """
delete from inbox where ctid in (select ctid from inbox where at < now() - interval '40 days' limit 10000)
"""

_OWNERS = ("identity", "projects")  # whose things others keep copies of
Loop = Callable[[], Coroutine[Any, Any, None]]


class Worker:
    """One per worker process, with `clients` of those whose things it keeps copies of.

    Loops run for ever; one that raises is logged and started again.
    """

    def __init__(self, service: str, settings: ServiceSettings, *, sessions_max: int = 3) -> None:
        self.database = Database(settings.database_url, sessions_max=sessions_max, pool_max=2)
        self.broker = Nats(settings.nats_url, f"{service}-worker", requests=True)
        self.relay = Relay(settings.database_url, service, self.broker)
        self.units = Units(self.database, service, self.relay.wake_relay)
        signer = Signer(service, settings.signing_key)
        self.clients = {
            name: Client(name, url, signer.service)
            for name in _OWNERS
            if name != service and (url := getattr(settings, f"{name}_url"))
        }
        self.owners = Owners(self.units, self.clients)

    async def run(
        self, stop: asyncio.Event, subscriptions: Sequence[Subscription], loops: Sequence[Loop] = ()
    ) -> None:
        """Until `stop`; what is under way may finish within the process's drain time."""
        process.worker_checks.update({"postgresql": self.database.ping, "nats": self.broker.ping})
        self.broker.start()
        consumers = [self._consume(subscription) for subscription in subscriptions]
        tasks = [
            asyncio.create_task(_supervise(loop))
            for loop in (self.relay.run, self._clean, *consumers, *loops)
        ]
        await stop.wait()
        await end(*tasks)
        await self.owners.close()
        await self.broker.close()
        await self.database.close()

    def _consume(self, subscription: Subscription) -> Loop:
        async def run() -> None:
            client = await self.broker.client()
            await Consumer(subscription, self.units, client, self.owners).run()

        return run

    async def _clean(self) -> None:
        while True:
            await self.database.fetch(_CLEAN)
            await asyncio.sleep(3600)


async def _supervise(loop: Loop) -> None:
    while True:
        try:
            await loop()
        except Exception:  # a loop must outlive everything but cancellation
            log.exception("a loop of the worker failed", loop=getattr(loop, "__qualname__", "?"))
        await asyncio.sleep(1)
