"""Text from outside is cut where it is kept, and says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.words import cut


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("short", 5, "short"),
        ("a" * 2_000, 30, "a" * 11 + "… (cut, 2 kB)"[:-1] + ")"),
        ("é" * 50, 40, "é" * 11 + "… (cut, 100 B)"),
    ],
)
def test_what_is_cut_says_how_long_it_was(text: str, limit: int, kept: str) -> None:
    found = cut(text, limit)
    assert len(found.encode()) <= limit
    assert found[:3] == kept[:3]
    assert ("(cut, " in found) == (text != kept)


@given(st.text(), st.integers(min_value=25, max_value=200))
def test_it_is_never_longer_and_never_breaks_a_character(text: str, limit: int) -> None:
    found = cut(text, limit)
    assert len(found.encode(errors="replace")) <= limit
    assert "\ufffd" not in found or "\ufffd" in text
