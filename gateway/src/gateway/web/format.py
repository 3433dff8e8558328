"""Times, durations, sizes, people and states as people read them."""

from datetime import UTC, datetime

import msgspec
from contracts.statuses import Display, display

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

ICONS = {
    "succeeded": "check-circle",
    "failed": "x-circle",
    "running": "arrow-path",
    "waiting": "clock",
    "blocked": "minus-circle",
    "cancelled": "no-symbol",
    "idle": "never",
    "up": "check-circle",
    "paused": "pause-circle",
    "missing": "exclamation-triangle",
    "maintenance": "wrench",
}


# The first that is found names it: each claims to be those after it too.
_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "Chrome/": "Chrome",
    "CriOS/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "Windows": "Windows",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


class Pill(msgspec.Struct, frozen=True):
    """A state in word, shape and colour."""

    state: str
    word: str
    icon: str


class When(msgspec.Struct, frozen=True):
    """A time: machine-readable, exact for the tooltip, and as said."""

    iso: str
    exact: str
    text: str


def pill(shown: Display) -> Pill:
    return Pill(shown.state, shown.word, ICONS.get(shown.state, "never"))


def status_pill(status: str | None, code: str = "", *, cancelling: bool = False) -> Pill:
    return pill(display(status, code, cancelling=cancelling))


def when(at: datetime | None, now: datetime) -> When | None:
    """Relative, with the exact UTC time; None stays None (templates say "never")."""
    if at is None:
        return None
    at = at.astimezone(UTC)
    exact = at.isoformat(" ", "seconds")[:19]
    return When(exact.replace(" ", "T") + "Z", exact + " UTC", ago(at, now))


def ago(at: datetime, now: datetime) -> str:
    seconds = int((now - at).total_seconds())
    if seconds < 60:
        return "just now"
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if count := seconds // size:
            if word == "day" and count > 60:
                return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"
            return f"{count} {word}{'s' if count > 1 else ''} ago"
    return "just now"


def duration(seconds: float | None) -> str:
    """`1 h 03 min`, `5 min`, `12 s`; "" when not known."""
    if seconds is None:
        return ""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def time_of_day(at: datetime, *, seconds: bool = False) -> str:
    """The time of day in UTC."""
    return at.astimezone(UTC).strftime("%H:%M:%S" if seconds else "%H:%M")


def between(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else (end - start).total_seconds()


def size(count: int) -> str:
    """`512 B`, `3.2 kB`, `1.4 MB`."""
    if count < 1000:
        return f"{count} B"
    if count < 1_000_000:
        return f"{count / 1000:.1f} kB"
    return f"{count / 1_000_000:.1f} MB"


def person(fullname: str, username: str) -> str:
    return f"{fullname} ({username})"


def browser_name(user_agent: str) -> str:
    """`Firefox on Windows`; what is neither browser nor system that we know stays as it is."""
    name, system = (
        next((word for sign, word in signs.items() if sign in user_agent), "")
        for signs in (_BROWSERS, _SYSTEMS)
    )
    if name and system:
        return f"{name} on {system}"
    return name or user_agent or "Unknown browser"


def initials(name: str) -> str:
    words = [word for word in name.split() if word[0].isalpha()]
    return "".join(word[0].upper() for word in ([words[0], words[-1]] if len(words) > 1 else words)) or "?"


def name_parts(name: str) -> list[str]:
    """An action's name, cut where a line may break."""
    pieces = name.split("_")
    return [*(f"{piece}_" for piece in pieces[:-1]), pieces[-1]]


def plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
