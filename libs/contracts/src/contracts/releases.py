"""What the releases service tells the others, each once (F30)."""

from typing import Any, ClassVar

from contracts.base import Event, State


class _OfRelease(Event, frozen=True, kw_only=True):
    release_id: str
    workspace: str
    project_id: int
    backend: str


class ReleaseCreated(_OfRelease, frozen=True, kw_only=True):
    subject: ClassVar[str] = "releases.release.created.v1"

    created_by_id: int
    file_count: int


class ReleaseRelisted(_OfRelease, frozen=True, kw_only=True):
    """It was created again with another list before all of the first one had arrived."""

    subject: ClassVar[str] = "releases.release.relisted.v1"

    by_id: int
    file_count: int
    withdrawn_count: int  # files that were here and are not in the new list


class FileUploaded(_OfRelease, frozen=True, kw_only=True):
    subject: ClassVar[str] = "releases.file.uploaded.v1"

    file_id: str
    name: str


class ReleaseCompleted(_OfRelease, frozen=True, kw_only=True):
    """Every file of the release is here."""

    subject: ClassVar[str] = "releases.release.completed.v1"


class AirlockEventReceived(Event, frozen=True, kw_only=True):
    """One accepted call of `airlock/events/` (A25)."""

    subject: ClassVar[str] = "releases.airlock_event.received.v1"

    airlock_event_id: int
    event_type: str  # lower case
    workspace: str
    project_id: int
    request: str
    request_author_id: int
    user_id: int
    updates: list[dict[str, Any]] = []
    org: str | None = None
    repo: str | None = None


FACTS: tuple[type[Event], ...] = (
    ReleaseCreated,
    ReleaseRelisted,
    FileUploaded,
    ReleaseCompleted,
    AirlockEventReceived,
)
STATES: tuple[type[State], ...] = ()
