"""The page of a release: the list, and one file beside it."""

import gzip
from html import escape
from typing import Any

import httpx
import pytest
from starlette.responses import Response

from .. import samples
from ..addresses import RELEASE, RELEASE_ID
from ..conftest import Neighbours


def shows(neighbours: Neighbours, name: str, content: bytes, **more: Any) -> None:
    """A release of this one file."""
    file = samples.file(name, size=len(content), **more)
    neighbours.answers[f"GET releases/releases/{RELEASE_ID}"] = samples.release(files=[file])
    neighbours.answers[f"GET releases/files/{file.id}/content"] = Response(content)


async def test_choosing_a_file_sets_title_heading_and_place(site: httpx.AsyncClient) -> None:
    page = (await site.get(f"{RELEASE}output/notes.txt")).text
    assert "<title>notes.txt · Release 2 · study-ws · Job Server</title>" in page
    assert '<h2 id="file" tabindex="-1">output/notes.txt</h2>' in page
    assert f'href="{RELEASE}output/notes.txt#file" aria-current="page"' in page
    assert '<a class="btn tiny quiet" href="#file">Skip the list</a>' in page
    assert "<title>Release 2 · study-ws · Job Server</title>" in (await site.get(RELEASE)).text


async def test_the_list_of_files_can_be_filtered_and_says_what_it_leaves_out(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    page = (await site.get(f"{RELEASE}output/notes.txt?find=PAGE")).text
    assert "1 of 8 files." in page
    assert f'href="{RELEASE}output/page.html?find=PAGE#file"' in page
    assert f'href="{RELEASE}output/table.csv' not in page
    assert "No file of this release has such a name." in (await site.get(f"{RELEASE}?find=zzz")).text
    many = [samples.file(f"output/{n:03}.csv") for n in range(520)]
    neighbours.answers[f"GET releases/releases/{RELEASE_ID}"] = samples.release(files=many)
    assert "20 more are not listed: say a part of their name." in (await site.get(RELEASE)).text


async def test_the_button_says_what_the_archive_leaves_out(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    page = (await site.get(RELEASE)).text
    assert "Download 6 of 8 files" in page
    assert "1 not uploaded yet and 1 redacted: listed in NOT-INCLUDED.txt" in page
    assert "Release begun by" in page
    whole = samples.release(files=samples.FILES[:2], completed_at=samples.ago(hours=1))
    neighbours.answers[f"GET releases/releases/{RELEASE_ID}"] = whole
    page = (await site.get(f"{RELEASE}?again")).text
    assert "Download all" in page
    assert "Released by" in page
    assert "NOT-INCLUDED" not in page


async def test_nothing_large_opens_by_itself(site: httpx.AsyncClient, neighbours: Neighbours) -> None:
    shows(neighbours, "a.html", bytes(3_000_000))
    assert "Choose a file" in (await site.get(RELEASE)).text
    asked = (await site.get(f"{RELEASE}a.html")).text
    assert "A large file" in asked
    assert "<iframe" not in asked
    assert "<iframe" in (await site.get(f"{RELEASE}a.html?show=1")).text
    shows(neighbours, "a.pdf", b"%PDF")  # small, but its reader takes the focus
    assert "Choose a file" in (await site.get(f"{RELEASE}?again")).text


async def test_a_log_shows_its_end_and_a_long_text_its_first_lines(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    content = b"".join(b"line %d\n" % n for n in range(1200))
    shows(neighbours, "run.log", content)
    page = (await site.get(f"{RELEASE}run.log")).text
    assert "The last 500 lines are shown." in page
    assert "line 1199</pre>" in page
    assert f'href="{RELEASE}run.log?at=0#file"' in page
    shows(neighbours, "notes.txt", content)
    page = (await site.get(f"{RELEASE}notes.txt")).text
    assert "Lines 1 to 500 are shown." in page
    assert "line 499</pre>" in page
    more = f"{RELEASE}notes.txt?at={len(content.partition(b'line 500')[0])}&before=500#file"
    assert f'href="{escape(more)}">Show the next lines' in page


async def test_a_table_of_a_million_rows_is_shown_in_parts(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    content = b"a;b\r\n" + b"".join(b"%d;x\r\n" % n for n in range(60_000))
    shows(neighbours, "t.csv", content)
    page = (await site.get(f"{RELEASE}t.csv")).text
    assert "Rows 1 to 500 are shown." in page
    assert "Read as UTF-8, cells separated by semicolons" in page
    assert (page.count("<tr>"), "<td>499</td>" in page, "<td>500</td>" in page) == (501, True, False)


@pytest.mark.parametrize(
    "query", ["at=-1", "at=x", "at=99999999999999999999", "at=99999", "at=%00", "before=z&at=1"]
)
async def test_a_place_that_is_none_is_no_accident(
    site: httpx.AsyncClient, neighbours: Neighbours, query: str
) -> None:
    shows(neighbours, "t.csv", b"a,b\n1,2\n")
    assert (await site.get(f"{RELEASE}t.csv?{query}")).status_code == 200


async def test_packed_tables_are_unpacked_and_what_is_no_gzip_is_not_shown(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    shows(neighbours, "t.csv.gz", gzip.compress("name;n\nÄpfel €;5\n".encode("cp1252")))
    page = (await site.get(f"{RELEASE}t.csv.gz")).text
    assert "<td>Äpfel €</td><td>5</td>" in page
    assert "Read as Windows-1252, cells separated by semicolons" in page
    shows(neighbours, "t.csv.gz", b"a,b\n1,2\n")
    assert "No preview" in (await site.get(f"{RELEASE}t.csv.gz?again")).text


async def test_a_pdf_offers_no_scripts_and_pictures_a_report_cannot_load_are_explained(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    shows(neighbours, "a.PDF", b"%PDF")
    assert "Run its scripts" not in (await site.get(f"{RELEASE}a.PDF")).text
    shows(neighbours, "a.html", b'<img class=x src="plots/one.png"><img src="data:image/png;base64,x">')
    page = (await site.get(f"{RELEASE}a.html")).text
    assert "Run its scripts" in page
    assert "takes pictures from outside itself (plots/one.png), which are not loaded" in page
    shows(neighbours, "a.html", b'<img src="data:image/png;base64,x">')
    assert "from outside itself" not in (await site.get(f"{RELEASE}a.html?again")).text


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        ("Äpfel €".encode("cp1252"), "windows-1252"),
        ("Äpfel €".encode(), "utf-8"),
        ("\ufeffÄpfel".encode("utf-16-le"), "utf-16le"),
        (b"", "utf-8"),
    ],
)
async def test_a_text_opened_alone_says_its_own_encoding(
    site: httpx.AsyncClient, neighbours: Neighbours, content: bytes, charset: str
) -> None:
    answer = Response(content, headers={"Content-Type": "text/plain; charset=utf-8"})
    neighbours.answers["GET releases/files/01F/content"] = answer
    found = await site.get("/files/01F/content/")
    assert (found.content, found.headers["content-type"]) == (content, f"text/plain; charset={charset}")
    answer = Response(content, headers={"Content-Type": "application/pdf"})
    neighbours.answers["GET releases/files/01F/content"] = answer
    assert (await site.get("/files/01F/content/")).headers["content-type"] == "application/pdf"
