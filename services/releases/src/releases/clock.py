"""The time, in one place so that tests can stand in for it."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
