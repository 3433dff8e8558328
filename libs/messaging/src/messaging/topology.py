"""Streams and their rules, declared once; services only bind to them."""

import asyncio
import os

from contracts.catalogue import SERVICES
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from messaging.connection import connect

STATE = "STATE"
_DAY = 24 * 3600


def stream_of(subject: str) -> str:
    """Facts live in their service's stream, every state in one compacted stream."""
    first = subject.split(".", 1)[0]
    return STATE if first == "state" else first.upper()


def streams() -> list[StreamConfig]:
    facts = [
        StreamConfig(
            name=service.upper(),
            subjects=[f"{service}.>"],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            max_age=30 * _DAY,
            duplicate_window=24 * 3600,
            discard=DiscardPolicy.OLD,
        )
        for service in SERVICES
    ]
    state = StreamConfig(
        name=STATE,
        subjects=["state.>"],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        max_msgs_per_subject=1,
        duplicate_window=24 * 3600,
        discard=DiscardPolicy.OLD,
        allow_direct=True,
    )
    return [*facts, state]


async def apply_to(js: JetStreamContext) -> None:
    """Create or update every stream; safe to repeat and to run from several places at once."""
    for config in streams():
        try:
            await js.update_stream(config)
        except NotFoundError:
            await js.add_stream(config)


async def apply(nats_url: str) -> None:
    connection = await connect(nats_url, "topology")
    try:
        await apply_to(connection.jetstream(timeout=5))
    finally:
        await connection.close()


if __name__ == "__main__":
    asyncio.run(apply(os.environ["NATS_URL"]))
