"""The time, in one place so that tests can stand in for it. Call `clock.now()`: a name of one's own stays."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
