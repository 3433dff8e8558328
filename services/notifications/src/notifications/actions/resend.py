"""Sending once more what was given up."""

from datetime import datetime

from kit.errors import Conflict, NotFound
from messaging.uow import UnitOfWork

from notifications.models import Delivery


async def resend(uow: UnitOfWork, delivery_id: int, *, now: datetime) -> None:
    delivery = await uow.session.get(Delivery, delivery_id, with_for_update=True)
    if delivery is None:
        raise NotFound("There is no such delivery.")
    if delivery.status == "delivered":
        raise Conflict("This has arrived already.")
    if delivery.status == "given_up":
        delivery.status, delivery.created_at = "waiting", now
    delivery.next_attempt_at = now
