"""What the notifications service tells the others."""

from typing import ClassVar

from contracts.base import Event, State


class Delivered(Event, frozen=True, kw_only=True):
    subject: ClassVar[str] = "notifications.delivery.delivered.v1"

    delivery_id: int
    channel: str


class GivenUp(Event, frozen=True, kw_only=True):
    subject: ClassVar[str] = "notifications.delivery.given_up.v1"

    delivery_id: int
    channel: str
    reason: str


FACTS: tuple[type[Event], ...] = (Delivered, GivenUp)
STATES: tuple[type[State], ...] = ()
