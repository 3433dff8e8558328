"""Text people really release: what it is decided to be, and that nothing cut is shown as whole."""

import codecs
import csv
import gzip
import io
import time
import zlib

import pytest
from gateway.releases.textfile import Form, last_lines, lines, pad, rows, table_form, text_form, unpacked
from hypothesis import example, given, settings
from hypothesis import strategies as st


def table(raw: bytes, *, whole: bool = True, tabs: bool = False) -> tuple[Form, list[list[str]]]:
    form = table_form(raw, whole=whole, tabs=tabs)
    return form, list(rows(raw, form, whole=whole).rows)


@pytest.mark.parametrize(
    ("raw", "said", "found"),
    [
        (
            "\ufeffname,n\ncafé,1\n".encode("utf-16-le"),
            "UTF-16, cells separated by commas",
            [["name", "n"], ["café", "1"]],
        ),
        (
            "\ufeffname,n\ncafé,1\n".encode("utf-16-be"),
            "UTF-16, cells separated by commas",
            [["name", "n"], ["café", "1"]],
        ),
        (
            "name;n\nÄpfel €;5\n".encode("cp1252"),
            "Windows-1252, cells separated by semicolons",
            [["name", "n"], ["Äpfel €", "5"]],
        ),
        (
            codecs.BOM_UTF8 + b'"group, all","n"\n"a, b",1\n',
            "UTF-8, cells separated by commas",
            [["group, all", "n"], ["a, b", "1"]],
        ),
        (codecs.BOM_UTF8 + b'"group, all","n"', "UTF-8, cells separated by commas", [["group, all", "n"]]),
        (
            b"a,b\r\n1,2\n3,4\r5,6\n",
            "UTF-8, cells separated by commas",
            [["a", "b"], ["1", "2"], ["3", "4"], ["5", "6"]],
        ),
        (b"a\tb\n1,5\t2\n", "UTF-8, cells separated by tabs", [["a", "b"], ["1,5", "2"]]),
        (b"x;y\n1,5;2,5\n", "UTF-8, cells separated by semicolons", [["x", "y"], ["1,5", "2,5"]]),
        (
            b"a,b\n1,2,3\n4\n",
            "UTF-8, cells separated by commas",
            [["a", "b", ""], ["1", "2", "3"], ["4", "", ""]],
        ),
        (b"alone\n1\n", "UTF-8, cells separated by commas", [["alone"], ["1"]]),
        (b'a,b\n"two\r\nlines",2\n', "UTF-8, cells separated by commas", [["a", "b"], ["two\r\nlines", "2"]]),
        (b"", "UTF-8, cells separated by commas", []),
    ],
)
def test_encoding_and_dialect_are_decided_from_the_bytes(
    raw: bytes, said: str, found: list[list[str]]
) -> None:
    form, shown = table(raw)
    assert form.said == f"Read as {said}."
    assert shown == found


def test_the_name_decides_when_the_bytes_do_not() -> None:
    assert table(b"alone\n1\n", tabs=True)[0].separator == "\t"
    assert table(b"a,b\n1,2\n", tabs=True)[0].separator == ","


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_wherever_the_bytes_are_cut_only_whole_rows_are_shown(encoding: str, newline: str) -> None:
    text = newline.join(["näme,n", '"quoted, ""cell""' + newline + 'goes on",12345', "b,678.25", ""])
    raw = text.encode(encoding)
    everything = table(raw)[1]
    assert everything[1][0] == 'quoted, "cell"' + newline + "goes on"
    for end in range(len(raw)):
        shown = table(raw[:end], whole=False)[1]
        assert shown == everything[: len(shown)] or (encoding == "cp1252" and end < 3)
        assert len(shown) < len(everything)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_parts_follow_one_another_without_a_gap(encoding: str) -> None:
    text = "".join(f'"é {n}\r\nx",{n}\r' for n in range(1200))
    raw = text.encode(encoding)
    form = table_form(raw, whole=True, tabs=False)
    found, at = [], 0
    while True:
        part = rows(raw[at:], form, whole=True)
        found += part.rows
        at += part.size
        form = Form(form.codec, form.encoding, 0, form.separator)
        if not part.more:
            break
    assert found == [[f"é {n}\r\nx", str(n)] for n in range(1200)]
    assert at == len(raw)


def test_lines_come_in_parts_and_the_last_ones_alone() -> None:
    raw = b"".join(b"line %d\n" % n for n in range(1200))
    form = text_form(raw, whole=True)
    first = lines(raw, form, whole=True)
    assert (len(first.lines), first.more) == (500, True)
    second = lines(raw[first.size :], form, whole=True)
    assert second.lines[0] == "line 500"
    end = last_lines(raw[3:], form, whole=False)
    assert (end.lines[0], end.lines[-1], end.more) == ("line 700", "line 1199", True)
    assert list(lines(b"whole\ncut num 12", form, whole=False).lines) == ["whole"]
    assert list(last_lines(b"45 cut\nwhole", form, whole=False).lines) == ["whole"]


def test_wide_tables_and_long_cells_say_what_was_left_out() -> None:
    raw = b",".join(b"%d" % n for n in range(150)) + b"\n" + b"x" * 5000 + b",2\n"
    form = table_form(raw, whole=True, tabs=False)
    part = rows(raw, form, whole=True)
    assert (len(part.rows[0]), part.columns_left_out) == (100, 50)
    assert part.rows[1][0].endswith("… (cut, 5 kB)")
    assert pad(["a"], 3) == ["a", "", ""]


def test_a_bomb_is_unpacked_no_further_than_it_is_shown() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = packer.compress(bytes(200_000_000)) + packer.flush()
    began = time.process_time()
    assert unpacked(bomb, 1000) == (bytes(1000), False)
    members = gzip.compress(b"") * 20_000
    assert unpacked(members, 1000) == (b"", False)
    assert time.process_time() - began < 1


def test_what_is_packed_is_read_across_members_and_half_of_it_is_no_whole() -> None:
    packed = gzip.compress(b"a,b\n") + gzip.compress(b"1,2\n")
    assert unpacked(packed, 1000) == (b"a,b\n1,2\n", True)
    assert unpacked(packed, 8)[0] == b"a,b\n1,2\n"
    assert unpacked(packed[:-12], 1000)[1] is False
    with pytest.raises(ValueError, match="not packed"):
        unpacked(b"a,b\n1,2\n", 1000)


@given(st.binary(max_size=300), st.booleans(), st.booleans())
@example(b"\xfe\xff\x00", True, False)  # UTF-16 that ends with half a letter
@settings(max_examples=400)
def test_any_bytes_are_read_without_an_accident(raw: bytes, whole: bool, tabs: bool) -> None:
    form = table_form(raw, whole=whole, tabs=tabs)
    part = rows(raw, form, whole=whole)
    text = lines(raw, form, whole=whole)
    assert 0 <= part.size <= len(raw)
    assert text.size <= len(raw)
    for cell in (
        *(cell for row in part.rows for cell in row),
        *text.lines,
        *last_lines(raw, form, whole=whole).lines,
    ):
        cell.encode()


@given(
    st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=2, max_size=3))
)
def test_what_was_written_as_a_table_is_read_as_that_table(written: list[list[str]]) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *written])
    shown = table(codecs.BOM_UTF8 + buffer.getvalue().encode())[1]
    assert shown == [pad(row, 3) for row in [["a", "b", "c"], *written]]
