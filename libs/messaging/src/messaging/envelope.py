"""CloudEvents 1.0, structured JSON, with the trace it belongs to."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import uuid_utils
from contracts.base import Event, State, subject_of
from contracts.catalogue import FACTS, STATES
from kit import clock, telemetry


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    specversion: str
    id: UUID
    source: str
    type: str
    time: datetime
    subject: str
    data: msgspec.Raw
    datacontenttype: str = "application/json"
    traceparent: str | None = None
    requestid: str | None = None


class Unreadable(Exception):
    """The message can never be handled: not ours, or not what its type says."""


_decoder = msgspec.json.Decoder(Envelope)
_decoders: dict[str, msgspec.json.Decoder[Any]] = {
    name: msgspec.json.Decoder(cls) for name, cls in {**FACTS, **STATES}.items()
}


def encode(source: str, message: Event | State) -> tuple[UUID, str, bytes]:
    """(event id, NATS subject, body) of a message that is to be published."""
    event_id = UUID(bytes=uuid_utils.uuid7().bytes)
    envelope = Envelope(
        specversion="1.0",
        id=event_id,
        source=f"/{source}",
        type=message.thing if isinstance(message, State) else message.subject,
        time=clock.now(),
        subject=message.key(),
        data=msgspec.Raw(msgspec.json.encode(message)),
        traceparent=telemetry.traceparent.get() or None,
        requestid=telemetry.request_id.get() or None,
    )
    return event_id, subject_of(message), msgspec.json.encode(envelope)


def decode(body: bytes) -> tuple[Envelope, Event | State]:
    """Raises Unreadable for anything but a well-formed message of a known type."""
    try:
        envelope = _decoder.decode(body)
        return envelope, _decoders[envelope.type].decode(envelope.data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError) as exc:
        raise Unreadable(str(exc)) from exc  # a text that is not UTF-8, or nested without end, is odd too
