"""Composition root of the worker: relay, replicas."""

import asyncio

from messaging.worker import Worker

from identity.consumers import SUBSCRIPTIONS
from identity.settings import Settings


async def main(stop: asyncio.Event) -> None:
    await Worker("identity", Settings()).run(stop, SUBSCRIPTIONS)
