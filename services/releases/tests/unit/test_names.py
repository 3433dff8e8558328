import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from releases.names import filename, is_release_id, is_safe, new_ulid, normal, why_unsendable


def carried(disposition: bytes) -> str:
    return base64.b64encode(disposition).decode()


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b'attachment; filename="output/a.csv"', "output/a.csv"),
        (b"attachment; filename=output/a.csv", "output/a.csv"),
        (b'form-data; filename="a;b,c.csv"; size=3', "a;b,c.csv"),
        (b'attachment; filename="caf\xe9.csv"', "café.csv"),
        (b'attachment; filename="100%20.csv"', "100%20.csv"),
        (b'attachment; filename="a "quoted" b.csv"', 'a "quoted" b.csv'),
        (b'attachment; filename="a\\b.csv"', "a\\b.csv"),
        (b'attachment; filename=""', None),
        (b'attachment; filename=" "', None),
        (b"attachment", None),
        (b"", None),
    ],
)
def test_a_name_is_read_as_airlock_writes_it(disposition: bytes, name: str | None) -> None:
    assert filename(carried(disposition)) == name


@pytest.mark.parametrize("text", ["%", "abc", "é", "A=A="])
def test_what_is_no_base64_names_nothing(text: str) -> None:
    assert filename(text) is None


@given(st.text(st.characters(min_codepoint=32, max_codepoint=255), min_size=1, max_size=60))
def test_every_latin_1_name_that_may_be_listed_arrives_unchanged(name: str) -> None:
    if is_safe(normal(name)) and not why_unsendable(name):
        assert filename(carried(b'attachment; filename="' + name.encode("latin-1") + b'"')) == name


@given(st.text(max_size=60))
def test_what_can_be_sent_is_what_a_header_can_hold(name: str) -> None:
    if why_unsendable(name) is None:
        name.encode("latin-1")
        assert not set('"\r\n\0') & set(name)


@given(st.text(max_size=60))
def test_a_safe_name_never_leaves_its_folder(name: str) -> None:
    if is_safe(name):
        parts = name.replace("\\", "/").split("/")
        assert not {"", ".", ".."} & set(parts)


@pytest.mark.parametrize("name", ["a", "output/a.csv", "a..b/c..", ".hidden/.x", "ü/日本.csv", "a b"])
def test_ordinary_names_are_safe(name: str) -> None:
    assert is_safe(name)


@pytest.mark.parametrize("name", ["", "/", "/a", "a/", "a//b", "..", "a/../b", "./a", "\\a", "a\\..\\b"])
def test_names_that_lead_elsewhere_are_not(name: str) -> None:
    assert not is_safe(name)


def test_ids_are_26_characters_and_in_the_order_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for second in (1_700_000_000, 1_700_000_001, 1_800_000_000):
        monkeypatch.setattr("releases.names.time.time", lambda at=second: float(at))
        made.append(new_ulid())
    assert made == sorted(made)
    assert all(is_release_id(one) for one in made)
    assert len({new_ulid() for _ in range(1000)}) == 1000


@pytest.mark.parametrize("text", ["", "hello", "0" * 25, "0" * 27, "a" * 26, "0" * 25 + "\n", "０" * 26])
def test_an_id_is_26_capitals_and_digits(text: str) -> None:
    assert not is_release_id(text)
