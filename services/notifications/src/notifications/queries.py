"""What was sent to whom, and whether it arrived."""

from clients.notifications import DeliveryRow
from kit.paging import PAGE
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.models import Delivery, KnownUser


async def deliveries(session: AsyncSession, before: int | None, status: str | None) -> list[DeliveryRow]:
    """The newest first; people by name, never by address."""
    query = (
        select(Delivery, KnownUser.fullname)
        .outerjoin(KnownUser, KnownUser.id == Delivery.recipient_id)
        .order_by(Delivery.id.desc())
        .limit(PAGE)
    )
    if before is not None:
        query = query.where(Delivery.id < before)
    if status is not None:
        query = query.where(Delivery.status == status)
    return [
        DeliveryRow(
            id=row.id,
            channel=row.channel,
            recipient=name or row.recipient,
            subject=row.subject,
            status=row.status,
            attempts=row.attempts,
            last_error=row.last_error,
            created_at=row.created_at,
            delivered_at=row.delivered_at,
        )
        for row, name in await session.execute(query)
    ]
