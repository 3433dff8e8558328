"""What may be asked of notifications."""

from datetime import datetime

import msgspec

from clients.base import ServiceClient, query


class DeliveryRow(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    channel: str  # email, slack, github
    recipient: str
    subject: str
    status: str  # waiting, delivered, given_up
    attempts: int
    last_error: str | None
    created_at: datetime
    delivered_at: datetime | None


class NotificationsClient(ServiceClient):
    async def deliveries(self, *, before: int | None = None, status: str | None = None) -> list[DeliveryRow]:
        """Staff only, the newest first."""
        return await self._get("/deliveries", list[DeliveryRow], query(before=before, status=status))
