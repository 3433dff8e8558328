"""Text as people release it: encoding and dialect are decided from the bytes, here and nowhere else.

What is shown is whole: a row or line that the end of the bytes cuts is never among it.
"""

import codecs
import csv
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from kit.words import cut

LINES = 500  # of one part
_COLUMNS = 100
_CELL = 2_000  # bytes
_LINE = 20_000
_MEMBERS = 100
_SAMPLE = 30  # rows that decide what separates cells
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8", "UTF-8"),
    (b"\xff\xfe", "utf-16-le", "UTF-16"),
    (b"\xfe\xff", "utf-16-be", "UTF-16"),
)
_CHARSETS = {"cp1252": "windows-1252", "utf-16-le": "utf-16le", "utf-16-be": "utf-16be"}


class Form(msgspec.Struct, frozen=True):
    """How bytes are to be read; `bom` says how many of the first ones are no text."""

    codec: str
    encoding: str  # as people call it
    bom: int = 0
    separator: str = ""  # of a table

    @property
    def said(self) -> str:
        cells = f", cells separated by {_SEPARATORS[self.separator]}" if self.separator else ""
        return f"Read as {self.encoding}{cells}."


class Part(msgspec.Struct, frozen=True):
    """Lines or rows of a file; `size` of its bytes, from where it was begun, are shown."""

    rows: Sequence[list[str]] = ()
    lines: Sequence[str] = ()
    size: int = 0
    more: bool = False
    columns_left_out: int = 0


def text_form(beginning: bytes, *, whole: bool) -> Form:
    for mark, codec, encoding in _BOMS:
        if beginning.startswith(mark):
            return Form(codec, encoding, len(mark))
    try:
        # Incremental: a character may be cut by the end of the bytes.
        codecs.getincrementaldecoder("utf-8")().decode(beginning, final=whole)
    except UnicodeDecodeError:
        return Form("cp1252", "Windows-1252")
    return Form("utf-8", "UTF-8")


def with_charset(content_type: str, beginning: bytes) -> str:
    """For a text that is opened alone: what its bytes are, not what their type is called by default."""
    kind = content_type.partition(";")[0]
    if not kind.startswith("text/"):
        return content_type
    codec = text_form(beginning, whole=False).codec
    return f"{kind}; charset={_CHARSETS.get(codec, codec)}"


def table_form(beginning: bytes, *, whole: bool, tabs: bool) -> Form:
    """`tabs`: its name says that tabs separate, which decides when the bytes do not."""
    form = text_form(beginning, whole=whole)
    order = ("\t", ",", ";") if tabs else (",", ";", "\t")
    best = max(order, key=lambda separator: _fits(beginning, form, separator, whole))  # of equals the first
    return msgspec.structs.replace(form, separator=best)


def unpacked(raw: bytes, most: int) -> tuple[bytes, bool]:
    """(at most `most` bytes of what gzip holds, whether that is all). Raises ValueError."""
    found = b""
    for _ in range(_MEMBERS):  # gzip files may follow one another
        if not raw or len(found) >= most:
            break
        unpacker = zlib.decompressobj(31)
        try:
            found += unpacker.decompress(raw, most - len(found))
        except zlib.error as exc:
            raise ValueError("These bytes are not packed by gzip.") from exc
        if not unpacker.eof:
            return found, False
        raw = unpacker.unused_data
    return found, not raw


def rows(raw: bytes, form: Form, *, whole: bool, most: int = LINES) -> Part:
    """Raises ValueError for what calls itself a table and is none."""
    try:
        found, size, ended = _rows(raw, form, most, whole)
    except csv.Error as exc:
        raise ValueError(str(exc)) from exc
    if ended and not whole:
        found, size = found[:-1], found[-1][1] if found else 0
    wide = max((len(cells) for cells, _ in found), default=0)
    width = min(wide, _COLUMNS)
    shown = [_cells(cells, width) for cells, _ in found]
    return Part(rows=shown, size=size, more=not (ended and whole), columns_left_out=wide - width)


def lines(raw: bytes, form: Form, *, whole: bool, most: int = LINES) -> Part:
    found: list[str] = []
    size = 0
    last = 0
    ended = True
    for line, length in _lines(raw, form, whole):
        if len(found) == most:
            ended = False
            break
        found.append(cut(line.rstrip("\r\n"), _LINE))
        size, last = size + length, length
    if ended and not whole and found:
        found.pop()
        size -= last
    return Part(lines=found, size=size, more=not (ended and whole))


def last_lines(raw: bytes, form: Form, *, whole: bool, most: int = LINES) -> Part:
    """The end of a file; unless these bytes are `whole`, their first line has lost its beginning."""
    found = [line.rstrip("\r\n") for line, _ in _lines(raw, form, whole)][0 if whole else 1 :]
    return Part(lines=[cut(line, _LINE) for line in found[-most:]], more=not whole or len(found) > most)


def _lines(raw: bytes, form: Form, whole: bool) -> Iterator[tuple[str, int]]:
    """Each with its number of bytes; `\\r\\n`, `\\n` and `\\r` all end one."""
    raw, first = raw[form.bom :], form.bom
    if form.codec.startswith("utf-16"):
        text = raw[: len(raw) // 2 * 2].decode(form.codec, "surrogatepass")
        if len(raw) % 2 and whole:
            text += "\ufffd"
        left = len(raw)
        for line in io.StringIO(text, newline=""):
            length = min(len(line.encode(form.codec, "surrogatepass")), left)  # half a letter is one byte
            left -= length
            yield line.encode("utf-16", "surrogatepass").decode("utf-16", "replace"), first + length
            first = 0
    else:
        for part in raw.splitlines(keepends=True):
            yield part.decode(form.codec, "replace"), first + len(part)
            first = 0


def _rows(raw: bytes, form: Form, most: int, whole: bool) -> tuple[list[tuple[list[str], int]], int, bool]:
    """(rows with the offset at which each begins, the offset after them, whether the bytes ended)."""
    read = 0

    def counted() -> Iterator[str]:
        nonlocal read
        for line, length in _lines(raw, form, whole):
            read += length
            yield line

    found: list[tuple[list[str], int]] = []
    before = 0
    for cells in csv.reader(counted(), delimiter=form.separator):
        if len(found) == most:
            return found, before, False
        found.append((cells, before))
        before = read
    return found, read, True


def _fits(beginning: bytes, form: Form, separator: str, whole: bool) -> tuple[int, int]:
    """How many of the first rows have as many cells as the heading, which has more than one; and how many."""
    try:
        found, _, ended = _rows(beginning, msgspec.structs.replace(form, separator=separator), _SAMPLE, whole)
    except csv.Error:
        return 0, 0
    counts = [len(cells) for cells, _ in (found[:-1] if ended and not whole else found) if cells]
    if not counts or counts[0] < 2:
        return 0, 0
    return counts.count(counts[0]), counts[0]


def _cells(cells: list[str], width: int) -> list[str]:
    return [cut(cell, _CELL) for cell in cells[:width]] + [""] * (width - len(cells))


def pad(heading: Iterable[str], width: int) -> list[str]:
    """Rows may be longer than the heading."""
    known = list(heading)
    return known + [""] * (width - len(known))
