"""What the service told others, and what it wrote into the audit trail."""

from collections.abc import Mapping
from typing import Any, TypeVar

from contracts.base import Event, State
from messaging.envelope import decode
from testkit.world import World

_ANY = ("id", "at")
Message = TypeVar("Message", bound=Event | State)


async def said(world: World, kind: type[Message]) -> list[Message]:
    """Messages of that type in the outbox, the oldest first."""
    rows = await world.rows("identity", "select body from outbox order by id")
    messages = [decode(row["body"])[1] for row in rows]
    return [message for message in messages if isinstance(message, kind)]


async def trail(world: World) -> list[dict[str, Any]]:
    """Rows of the audit trail, the oldest first, without what is empty."""
    return [_filled(row) for row in await world.rows("identity", "select * from audit_events order by id")]


async def announced_and_audited(world: World) -> tuple[list[str], list[dict[str, Any]]]:
    """Subjects in the outbox, and the trail."""
    rows = await world.rows(
        "identity",
        "select o.subject, a.* from outbox o full join audit_events a on false order by o.id, a.id",
    )
    announced = [row["subject"] for row in rows if row["subject"]]
    return announced, [_filled(row) for row in rows if not row["subject"]]


def _filled(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in row.items() if value not in ("", None) and name not in ("id", "at")
    }
