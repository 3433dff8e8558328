"""What every published message is made of."""

from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact: something that happened. Unknown fields are ignored, so new ones must be optional."""

    subject: ClassVar[str]

    def key(self) -> str:
        """Which thing it happened to, for logs and the CloudEvents `subject`."""
        first = self.__struct_fields__[0]
        return str(getattr(self, first))


class StaffNotice(Event, frozen=True, kw_only=True):
    """Something that staff should look at. Each service that has such has a subclass with its own subject;
    notifications makes one message of each `key`, however often it is told."""

    told: str  # the key: "cancellation:17"
    title: str
    text: str
    path: str = ""  # where on the site


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What a thing of its owner looks like now; holds the owner's columns and foreign ids only.

    `version` grows with every change of the thing; a receiver ignores an older one (ADR 1).
    """

    thing: ClassVar[str]  # "identity.user"

    id: int
    version: int
    deleted: bool = False

    def key(self) -> str:
        return str(self.id)


def subject_of(message: Event | State) -> str:
    """Facts go by their type, state by `state.<service>.<thing>.v1.<id>` (one kept message per thing)."""
    if isinstance(message, State):
        return f"state.{message.thing}.v1.{message.id}"
    return message.subject
