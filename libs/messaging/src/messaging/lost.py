"""A broker that was started again may lack what it had acknowledged: its last seconds, or everything.

Each row of the outbox notes under which start of the broker (its boot) it was acknowledged, and is kept for a
day. What was acknowledged under another one is said again: the broker knows what it still has by the id of
the message, and takes only what it lost. The mark survives whatever is published meanwhile, by anybody.
"""

import asyncpg
from kit.logging import get
from nats.js import JetStreamContext

from messaging.quarantine import publish

log = get()
_BATCH = 500

# Of a state only the newest: an older one, no longer kept, would come behind it.
_ACKED_BEFORE = """
select id, event_id, subject, body from outbox
where published_at is not null and boot is distinct from $1 and id > $2
  and (stream <> 'STATE' or id in (select max(id) from outbox where stream = 'STATE' group by subject))
order by id limit $3
"""
_MARK = """
update outbox set sequence = s.sequence, boot = $3
from unnest($1::bigint[], $2::bigint[]) as s(id, sequence) where outbox.id = s.id
"""
_REST = "update outbox set boot = $1 where published_at is not null and boot is distinct from $1"
_DISCARD = "update outbox set boot = '' where published_at is not null"


async def resend_lost(connection: asyncpg.Connection, js: JetStreamContext, boot: str) -> None:
    lost, after = 0, 0
    while rows := await connection.fetch(_ACKED_BEFORE, boot, after, _BATCH):
        after = rows[-1]["id"]
        acks = [ack for ack in await publish(js, rows) if not isinstance(ack, str)]
        lost += sum(not ack.duplicate for ack in acks)
        if len(acks) == len(rows):
            await connection.execute(_MARK, [row["id"] for row in rows], [ack.seq for ack in acks], boot)
    await connection.execute(_REST, boot)
    if lost:
        log.warning("the broker had lost messages", sent_again=lost)


async def discard_acknowledgements(connection: asyncpg.Connection) -> None:
    """The broker contradicts what it said before: nothing that it acknowledged is certain."""
    log.error("the broker's sequences do not follow each other")
    await connection.execute(_DISCARD)
