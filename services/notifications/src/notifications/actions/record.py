"""Writing deliveries: each key once, however often its cause is heard."""

from collections.abc import Sequence
from typing import Any

from messaging.uow import UnitOfWork
from sqlalchemy.dialects.postgresql import insert

from notifications.models import Delivery


def mail(key: str, user_id: int, template: str, subject: str, context: dict[str, Any]) -> dict[str, Any]:
    return {
        "key": key,
        "channel": "email",
        "recipient_id": user_id,
        "template": template,
        "subject": subject,
        "context": context,
    }


def slack(
    key: str, channel: str, template: str, subject: str, context: dict[str, Any], *, lane: str | None = None
) -> dict[str, Any]:
    return {
        "key": key,
        "channel": "slack",
        "recipient": channel,
        "template": template,
        "subject": subject,
        "context": context,
        "lane": lane,
    }


async def record(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    full = [{"recipient_id": None, "recipient": "", "lane": None} | row for row in rows]
    await uow.session.execute(insert(Delivery).values(full).on_conflict_do_nothing(index_elements=["key"]))
