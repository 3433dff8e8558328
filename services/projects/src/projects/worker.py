"""Composition root of the worker: relay, replicas."""

import asyncio

from messaging.worker import Worker

from projects.consumers import SUBSCRIPTIONS
from projects.settings import Settings


async def main(stop: asyncio.Event) -> None:
    await Worker("projects", Settings()).run(stop, SUBSCRIPTIONS)
