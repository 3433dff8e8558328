"""Which service answers which call of the public API."""

import re
from typing import NamedTuple


class ApiRoute(NamedTuple):
    service: str
    pattern: re.Pattern[str]


def _table(*rows: tuple[str, str]) -> tuple[ApiRoute, ...]:
    return tuple(ApiRoute(service, re.compile(pattern)) for service, pattern in rows)


# Matched in order against the path after /api/v2/; a path that matches nothing is 404 for everybody.
API_V2 = _table(
    ("releases", r"releases/.*"),
    ("releases", r"airlock/events/?"),
    ("releases", r"workspaces/[^/]+/snapshots(/.*)?"),
    ("jobs", r"workspaces/[^/]+/statuses/?"),
    ("projects", r"workspaces/[^/]+/status"),
    ("identity", r"users/[^/]+/?"),
    ("jobs", r"job-requests/?"),
    ("jobs", r"jobs/?"),
)


def owner_of(path: str) -> str | None:
    """The service that answers `path` (without /api/v2/), or None."""
    for route in API_V2:
        if route.pattern.fullmatch(path):
            return route.service
    return None
