"""One released file: whatever is in it, and when its bytes are away."""

import httpx
import pytest
from starlette.responses import Response

from .. import samples
from ..addresses import RELEASE, RELEASE_ID
from ..conftest import Neighbours


@pytest.mark.parametrize(
    ("content", "shows"),
    [
        (b"a,b\n1,<b>2</b>\n", "<td>&lt;b&gt;2&lt;/b&gt;</td>"),
        (b"", "An empty file"),
        (b'"' + b"x" * 200_000, "xxx"),  # a cell larger than any table has
        (b"\xff\xfe\x00", "\ufffd"),
    ],
)
async def test_a_file_is_shown_whatever_is_in_it(
    site: httpx.AsyncClient, neighbours: Neighbours, content: bytes, shows: str
) -> None:
    file = samples.file("output/table.csv", size=len(content))
    neighbours.answers[f"GET releases/releases/{RELEASE_ID}"] = samples.release(files=[file])
    neighbours.answers[f"GET releases/files/{file.id}/content"] = Response(content)
    page = await site.get(f"{RELEASE}output/table.csv")
    assert page.status_code == 200
    assert shows in page.text


async def test_a_file_whose_bytes_are_away_says_so(site: httpx.AsyncClient, neighbours: Neighbours) -> None:
    file = samples.file("output/notes.txt")
    for status in (503, 404):
        neighbours.answers[f"GET releases/files/{file.id}/content"] = status
        page = await site.get(f"{RELEASE}output/notes.txt")
        assert (page.status_code, "cannot be read just now" in page.text) == (200, True)
    neighbours.answers[f"GET releases/files/{file.id}/content"] = 503
    assert (await site.get(f"/files/{file.id}/content/")).status_code == 503
    neighbours.answers[f"GET releases/files/{file.id}/content"] = 403
    assert (await site.get(f"/files/{file.id}/content/")).status_code == 404


async def test_the_bytes_of_a_file_keep_the_policy_that_releases_gave_them(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    neighbours.answers["GET releases/files/01F/content"] = Response(
        b"<script>",
        media_type="text/html",
        headers={"Content-Security-Policy": "sandbox; default-src 'none'"},
    )
    answer = await site.get("/files/01F/content/")
    assert answer.content == b"<script>"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
