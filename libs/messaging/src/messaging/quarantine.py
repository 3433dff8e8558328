"""What the broker will never take leaves the outbox, so that the rest goes on; it can be replayed."""

import asyncio
import re
from collections.abc import Mapping, Sequence

import asyncpg
import nats.js.errors
from kit.logging import get
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import PubAck

log = get()
RELAY = "relay"  # stands for the consumer of such a dead letter
_HEADERS = 200  # bytes beside the body
_SUBJECT = re.compile(r"[^\s*>.]+(\.[^\s*>.]+)*")

_MOVE = """
with bad as (select * from unnest($1::bigint[], $2::text[]) as b(id, reason)), gone as (
  delete from outbox o using bad where o.id = bad.id returning o.subject, o.body, bad.reason
)
insert into dead_letters (consumer, subject, body, reason) select $3, subject, body, reason from gone
"""


def refused(subject: str, body: bytes, client: Client) -> str | None:
    """Why this broker will never take it, as far as can be known before it is asked."""
    if not _SUBJECT.fullmatch(subject):
        return "its subject is not one"
    if len(body) + _HEADERS > client.max_payload:
        return f"it has {len(body):,} bytes, the broker takes {client.max_payload:,}"
    return None


async def publish(js: JetStreamContext, rows: Sequence[asyncpg.Record]) -> list[PubAck | str]:
    """In order; for each the acknowledgement, or why the broker will never take it.

    Raises what may be over later.
    """
    futures = [
        await js.publish_async(row["subject"], row["body"], headers={"Nats-Msg-Id": str(row["event_id"])})
        for row in rows
    ]
    async with asyncio.timeout(10):
        answers = await asyncio.gather(*futures, return_exceptions=True)
    found: list[PubAck | str] = []
    for answer in answers:
        if isinstance(answer, nats.js.errors.BadRequestError):
            found.append(f"the broker said {answer}")
        elif isinstance(answer, BaseException):
            raise answer
        else:
            found.append(answer)
    return found


async def set_aside(connection: asyncpg.Connection, reasons: Mapping[int, str]) -> None:
    """By outbox id."""
    await connection.execute(_MOVE, list(reasons), list(reasons.values()), RELAY)
    log.error("announcements were set aside", count=len(reasons), reasons=sorted(set(reasons.values()))[:5])
