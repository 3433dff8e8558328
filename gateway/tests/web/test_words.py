"""Times, sizes and states as people read them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from contracts.statuses import RequestStatus, display
from gateway.web import format as say

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "just now"),
        (-30, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (3599, "59 minutes ago"),
        (3600, "1 hour ago"),
        (86399, "23 hours ago"),
        (2 * 86400, "2 days ago"),
        (60 * 86400, "60 days ago"),
        (61 * 86400, "25 Sep 2026"),
        (207 * 86400, "2 May 2026"),
    ],
)
def test_how_long_ago(seconds: int, text: str) -> None:
    assert say.ago(NOW - timedelta(seconds=seconds), NOW) == text


def test_a_time_carries_its_exact_self_in_utc() -> None:
    at = datetime(2026, 11, 25, 13, 30, 15, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert say.when(at, NOW) == say.When("2026-11-25T11:30:15Z", "2026-11-25 11:30:15 UTC", "29 minutes ago")
    assert say.when(None, NOW) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (-5, "0 s"),
        (0.9, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3780, "1 h 03 min"),
        (90000, "25 h 00 min"),
    ],
)
def test_how_long(seconds: float | None, text: str) -> None:
    assert say.duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (1_450_000, "1.4 MB")],
)
def test_how_large(count: int, text: str) -> None:
    assert say.size(count) == text


@pytest.mark.parametrize(
    ("user_agent", "text"),
    [
        ("", "Unknown browser"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/141.0.0.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"
            " (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 CriOS/141.0.0.0 Safari/604.1", "Chrome on iPhone"),
        ("Mozilla/5.0 (iPad) AppleWebKit/605.1.15 FxiOS/140.0 Safari/605.1.15", "Firefox on iPad"),
        ("Something with Safari/1", "Safari"),
    ],
)
def test_a_browser_by_its_name(user_agent: str, text: str) -> None:
    assert say.browser_name(user_agent) == text


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Rosa Marsh", "RM"), ("rosa", "R"), ("Ana de la Cruz", "AC"), ("42", "?"), ("", "?")],
)
def test_initials(name: str, letters: str) -> None:
    assert say.initials(name) == letters


@pytest.mark.parametrize(
    ("name", "parts"), [("a_b_c", ["a_", "b_", "c"]), ("abc", ["abc"]), ("_", ["_", ""])]
)
def test_a_name_breaks_behind_its_underscores(name: str, parts: list[str]) -> None:
    assert say.name_parts(name) == parts
    assert "".join(parts) == name


@pytest.mark.parametrize("status", [*RequestStatus, "submitting", "odd_one", "", None, "FAILED"])
def test_every_state_has_a_word_a_shape_and_a_colour(status: str | None) -> None:
    pill = say.status_pill(status)
    assert pill.word
    assert pill.icon in say.ICONS.values()
    assert pill.state == display(status).state
