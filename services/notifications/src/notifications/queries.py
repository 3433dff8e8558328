"""What was sent to whom, and whether it arrived."""

from dataclasses import dataclass

from clients.notifications import DeliveryRow
from kit.db import Database
from kit.lists import Where
from kit.paging import PAGE


@dataclass(frozen=True)
class Filter:
    status: str | None = None


async def deliveries(database: Database, by: Filter, before: int | None) -> list[DeliveryRow]:
    """The newest first; people by name, never by address."""
    where, order = Where(), "d.id desc"
    if by.status is not None:
        # So, the order cannot be had but from the index of both: the key's has all that were delivered, too.
        where.add("d.status = any(array[{}])", by.status)
        order = "d.status, d.id desc"
    if before is not None:
        where.add("d.id < {}", before)
    sql = f"""
    select d.id, d.channel, coalesce(nullif(u.fullname, ''), d.recipient) as recipient, d.subject, d.status,
      d.attempts, d.last_error, d.created_at, d.delivered_at
    from (select * from deliveries d where {where.sql()} order by {order} limit {PAGE}) d
    left join known_users u on u.id = d.recipient_id order by d.id desc"""
    return [DeliveryRow(**row) for row in await database.fetch(sql, *where.args)]
