"""What is said with a researcher's file (F17 to F21)."""

from datetime import UTC, datetime

import pytest
from releases.content import content_type, headers

AT = datetime(2026, 11, 24, 9, 5, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "text/csv; charset=utf-8"),
        ("a.html", "text/html; charset=utf-8"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("a.md", "text/markdown; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.svg", "image/svg+xml"),
        ("a.png", "image/png"),
        ("a.jpg", "image/jpeg"),
        ("a.JPEG", "image/jpeg"),
        ("a.svgz", "application/gzip"),
        ("a.log", "application/octet-stream"),
        ("a.js", "application/octet-stream"),
        ("a", "application/octet-stream"),
        ("a.csv/b", "application/octet-stream"),
    ],
)
def test_the_type_goes_by_the_ending(name: str, kind: str) -> None:
    assert content_type(name) == kind


@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.csv", "a.png", "a.json", "a.unknown"])
@pytest.mark.parametrize("scripts", [False, True])
def test_everything_is_in_a_sandbox_without_the_sites_origin(name: str, scripts: bool) -> None:
    policy = headers(name, AT, download=False, scripts=scripts)["Content-Security-Policy"]
    directives = [part.strip() for part in policy.split(";")]
    assert directives[0] == ("sandbox allow-scripts" if scripts else "sandbox")
    assert "default-src 'none'" in directives
    assert "form-action 'none'" in directives
    assert ("script-src 'unsafe-inline'" in directives) == scripts


@pytest.mark.parametrize("scripts", [False, True])
def test_a_pdf_is_not_in_a_sandbox_but_may_load_nothing(scripts: bool) -> None:
    sent = headers("a.pdf", AT, download=False, scripts=scripts)
    assert sent["Content-Security-Policy"] == "default-src 'none'"
    assert (sent["Content-Type"], sent["X-Content-Type-Options"]) == ("application/pdf", "nosniff")


@pytest.mark.parametrize(
    "name", ['out/a "b".csv', "out/日本.csv", "out/a;b.csv", "out/%0d%0a.csv", "out/'x'.csv"]
)
def test_an_odd_name_stays_inside_its_header(name: str) -> None:
    shown = headers(name, AT, download=True, scripts=False)["Content-Disposition"]
    assert shown.isascii()
    assert shown.count('"') == 2
    assert shown.startswith('attachment; filename="')
    assert "\n" not in shown
    assert "/" not in shown


def test_the_time_is_the_releases() -> None:
    assert headers("a", AT, download=False, scripts=False)["Last-Modified"] == "Tue, 24 Nov 2026 09:05:07 GMT"
