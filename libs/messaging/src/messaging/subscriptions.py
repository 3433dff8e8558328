"""What a service wants to hear, and what it does then."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.base import Event, State

from messaging.uow import UnitOfWork

Handler = Callable[[UnitOfWork, Any], Awaitable[None]]
BatchHandler = Callable[[UnitOfWork, Sequence[Any]], Awaitable[None]]


@dataclass(frozen=True)
class Subscription:
    """`name` is the durable consumer; `handlers` say which types it wants and what to do with one of each.

    `batches` take all messages of their type in a fetch at once, for set-based effects.
    """

    name: str
    stream: str
    handlers: Mapping[type[Event] | type[State], Handler] = field(default_factory=dict)
    batches: Mapping[type[Event] | type[State], BatchHandler] = field(default_factory=dict)

    @property
    def subjects(self) -> list[str]:
        kinds = [*self.handlers, *self.batches]
        return [f"state.{kind.thing}.v1.*" if issubclass(kind, State) else kind.subject for kind in kinds]
