"""project.yaml as a page: every character, in its line."""

import time

import httpx
import pytest
from gateway.runs.code import yaml_lines
from starlette.responses import Response

from ..conftest import Neighbours

FILE = """version: "4.0"   # of the format

actions:
  report:
    run: >
      r:v2 <b>report.R</b>
    needs: [a, b]
"""


@pytest.mark.parametrize(
    "text",
    [
        FILE,
        FILE.rstrip(),
        "",
        "\n",
        "\n\n  a: b",
        "\ta:\tb\n",
        "a: 'never closed\nb: \"\n",
        "\x00: é\u2028x\n",
        "- " * 60_000,
    ],
)
def test_nothing_is_lost_and_lines_stay_where_they_are(text: str) -> None:
    lines = yaml_lines(text)
    assert ["".join(part for _, part in line) for line in lines] == text.split("\n")


def test_keys_texts_and_comments_differ() -> None:
    first, *_, sixth, _, _ = yaml_lines(FILE)
    assert first == [("k", "version"), ("", ": "), ("s", '"4.0"'), ("", "   "), ("c", "# of the format")]
    assert "".join(part for _, part in sixth) == "      r:v2 <b>report.R</b>"


def test_lines_end_as_on_any_system() -> None:
    assert yaml_lines("a: b\r\nc: d\re: f") == yaml_lines("a: b\nc: d\ne: f")


def test_a_long_file_does_not_take_long() -> None:
    started = time.perf_counter()
    assert len(yaml_lines("  key: [value, other] # why\n" * 90_000)) == 90_001
    assert time.perf_counter() - started < 2


async def test_the_page_has_a_line_for_each_and_the_file_itself_is_one_click_away(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    page = await site.get("/study/study-ws/7/project.yaml")
    assert page.text.count('<span id="L') == 2
    assert '<span class="k">version</span>' in page.text
    plain = await site.get("/study/study-ws/7/project.yaml?plain")
    assert plain.headers["content-type"] == "text/plain; charset=utf-8"
    assert plain.headers["x-content-type-options"] == "nosniff"
    assert plain.text.startswith("version: ")


async def test_a_request_without_a_file_has_no_such_page(
    site: httpx.AsyncClient, neighbours: Neighbours
) -> None:
    neighbours.answers["GET jobs/job-requests/7/definition"] = Response("")
    assert (await site.get("/study/study-ws/7/project.yaml")).status_code == 404
