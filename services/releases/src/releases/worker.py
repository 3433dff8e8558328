"""Composition root of the worker: relay, replicas, and sweeping up unfinished uploads."""

import asyncio

from kit import clock
from kit.logging import get
from messaging.worker import Worker

from releases.actions.sweep import sweep_withdrawn
from releases.consumers import SUBSCRIPTIONS
from releases.settings import Settings
from releases.storage import Storage

log = get()


async def main(stop: asyncio.Event) -> None:
    settings = Settings()
    storage = Storage(settings.release_storage)
    worker = Worker("releases", settings)

    async def sweep() -> None:
        while True:
            if count := await storage.sweep():
                log.info("unfinished uploads removed", count=count)
            await sweep_withdrawn(worker.units, storage, clock.now())
            await asyncio.sleep(3600)

    await worker.run(stop, SUBSCRIPTIONS, [sweep])
