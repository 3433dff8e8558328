"""What the gateway's pages ask (F7, F8, F18 to F24)."""

import io
import zipfile
from typing import Any

import pytest
from clients.releases import ReleasesClient
from contracts.statement import Claims
from kit.errors import NotFound
from releases.archive import NOT_INCLUDED
from testkit.world import World, person

from .conftest import BASE, RELEASE, Airlock, Ask
from .known import ELSEWHERE, OTIS, ROSA, STUDY

CSV = ("output/a.csv", b"a,b\n1,2\n")
LOG = ("output/ü b.txt", b"done\n")
KEPT = ("output/kept.csv", b"k\n")
OTHER = RELEASE[:-1] + "0"
STRANGERS: list[Claims | None] = [
    None,
    person(20, "newcomer"),
    person(21, "elsewhere", projects={"ProjectDeveloper": [ELSEWHERE]}, memberships=[ELSEWHERE]),
    person(22, "member", memberships=[STUDY], backends=["tpp"]),
    person(24, "staff", roles=["StaffAreaAdministrator", "OutputPublisher", "DeploymentAdministrator"]),
]
strangers = pytest.mark.parametrize("who", STRANGERS, ids=lambda who: who.username if who else "nobody")


@pytest.fixture
async def ids(airlock: Airlock, world: World) -> dict[str, str]:
    """Ids of two files, of which only the first has arrived."""
    await airlock.create(CSV, LOG)
    await airlock.upload(*CSV)
    rows = await world.rows("releases", "select id, name from release_files")
    return {row["name"]: row["id"] for row in rows}


def zipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(set(names))
        return {name: archive.read(name) for name in names}


async def test_everybody_sees_that_there_are_releases_but_not_how_many_files(
    ask: Ask, ids: dict[str, str]
) -> None:
    for who in STRANGERS:
        [row] = (await ask("/workspaces/study-ws/releases", who)).json()
        assert (row["id"], row["number"], row["backend"]) == (RELEASE, 1, {"slug": "tpp", "name": "TPP"})
        assert row["created_by"] == {"username": "otis", "fullname": "Otis Example"}
        assert (row["file_count"], row["uploaded_count"], row["total_size"]) == (None, None, None)
    for who in (ROSA, OTIS):
        [row] = (await ask("/workspaces/study-ws/releases", who)).json()
        assert (row["file_count"], row["uploaded_count"]) == (2, 1)
        assert row["total_size"] == len(CSV[1]) + len(LOG[1])


async def test_releases_are_numbered_by_age_and_the_newest_comes_first(ask: Ask, airlock: Airlock) -> None:
    await airlock.create(CSV)
    await airlock.create(CSV, release=OTHER)
    await airlock.create(CSV, release=RELEASE[:-1] + "1", workspace="other-ws")
    rows = (await ask("/workspaces/study-ws/releases")).json()
    assert [(row["id"], row["number"]) for row in rows] == [(OTHER, 2), (RELEASE, 1)]
    assert (await ask(f"/releases/{OTHER}", OTIS)).json()["number"] == 2


async def test_an_unknown_workspace_is_not_found_and_an_empty_one_is_empty(ask: Ask) -> None:
    assert (await ask("/workspaces/nowhere/releases")).status_code == 404
    assert (await ask("/workspaces/other-ws/releases")).json() == []


async def test_a_release_tells_of_its_files(world: World, url: str, ids: dict[str, str]) -> None:
    http = world.client(url, by=ROSA)
    found = await ReleasesClient(http).release(RELEASE)
    assert (found.workspace.name, found.workspace.project_slug) == ("study-ws", "study")
    assert [(file.name, file.uploaded_at is None) for file in found.files] == [
        (CSV[0], False),
        (LOG[0], True),
    ]
    assert found.files[0].id == ids[CSV[0]]
    with pytest.raises(NotFound):
        await ReleasesClient(http).release(OTHER)
    await http.close()


@strangers
async def test_what_strangers_may_not_see_is_not_there(
    ask: Ask, ids: dict[str, str], who: Claims | None
) -> None:
    """Hidden and missing look the same (F8)."""
    for path, missing in (
        (f"/releases/{RELEASE}", f"/releases/{OTHER}"),
        (f"/releases/{RELEASE}/archive", f"/releases/{OTHER}/archive"),
        (f"/files/{ids[CSV[0]]}/content", f"/files/{OTHER}/content"),
        (f"/files/{ids[LOG[0]]}/content", f"/files/{OTHER}/content"),
    ):
        hidden, absent = (await ask(path, who)), (await ask(missing, who))
        assert (hidden.status_code, absent.status_code) == (404, 404)
        assert hidden.json()["detail"] == absent.json()["detail"]


@pytest.mark.parametrize("how", [{"kind": "backend", "backend": "tpp", "acting": OTIS}, {"kind": "service"}])
async def test_backends_and_services_see_no_files(ask: Ask, ids: dict[str, str], how: dict[str, Any]) -> None:
    for path in (f"/releases/{RELEASE}", f"/releases/{RELEASE}/archive", f"/files/{ids[CSV[0]]}/content"):
        assert (await ask(path, **how)).status_code == 404


async def test_a_release_without_files_has_no_page(ask: Ask, airlock: Airlock) -> None:
    """F1"""
    await airlock.create()
    assert len((await ask("/workspaces/study-ws/releases", OTIS)).json()) == 1
    for path in (f"/releases/{RELEASE}", f"/releases/{RELEASE}/archive"):
        assert (await ask(path, OTIS)).status_code == 404


async def test_a_file_is_shown_or_downloaded(ask: Ask, ids: dict[str, str]) -> None:
    path = f"/files/{ids[CSV[0]]}/content"
    shown, downloaded = await ask(path, ROSA), await ask(f"{path}?download=true", ROSA)
    assert shown.content == downloaded.content == CSV[1]
    assert shown.headers["Content-Disposition"].startswith("inline;")
    assert downloaded.headers["Content-Disposition"].startswith("attachment;")
    assert shown.headers["Cache-Control"] == "private, no-store"


async def test_scripts_of_a_file_run_only_when_asked_for_and_never_with_the_sites_rights(
    ask: Ask, airlock: Airlock
) -> None:
    page = ("output/a.html", b"<script>1</script>")
    await airlock.create(page)
    path = f"/files/{(await airlock.upload(*page)).headers['File-Id']}/content"
    plain = (await ask(path, ROSA)).headers["Content-Security-Policy"]
    assert plain.startswith("sandbox; default-src 'none'")
    assert "script" not in plain
    asked = (await ask(f"{path}?scripts=true", ROSA)).headers["Content-Security-Policy"]
    assert asked.startswith("sandbox allow-scripts; ")
    assert "allow-same-origin" not in asked
    assert "script-src 'unsafe-inline'" in asked


@pytest.mark.parametrize("query", ["download=maybe", "scripts=2"])
async def test_a_nonsense_question_is_refused(ask: Ask, ids: dict[str, str], query: str) -> None:
    assert (await ask(f"/files/{ids[CSV[0]]}/content?{query}", ROSA)).status_code == 400


async def test_bytes_that_have_not_come_or_were_redacted_are_not_there(
    ask: Ask, ids: dict[str, str], world: World
) -> None:
    assert (await ask(f"/files/{ids[LOG[0]]}/content", ROSA)).status_code == 404
    await world.rows("releases", "update release_files set deleted_at = now(), deleted_by_id = 2")
    assert (await ask(f"/files/{ids[CSV[0]]}/content", ROSA)).status_code == 404
    found = (await ask(f"/releases/{RELEASE}", ROSA)).json()
    assert {file["deleted_by"] for file in found["files"]} == {"Otis Example"}


async def test_an_archive_holds_every_file_as_it_is(ask: Ask, airlock: Airlock, ids: dict[str, str]) -> None:
    await airlock.upload(*LOG)
    answer = await ask(f"/releases/{RELEASE}/archive", ROSA)
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="release-{RELEASE}.zip"'
    assert zipped(answer.content) == dict((CSV, LOG))


async def test_an_archive_says_what_was_redacted_and_what_is_missing(
    ask: Ask, airlock: Airlock, ids: dict[str, str], world: World
) -> None:
    """Never under the name of a file (F24)."""
    more = ("output/c.csv", b"1")
    await airlock.create(CSV, LOG, more, KEPT, (NOT_INCLUDED, b"mine"))
    for file in (more, KEPT, (NOT_INCLUDED, b"mine")):
        assert (await airlock.upload(*file)).status_code == 201
    await airlock.create(CSV, LOG, KEPT, (NOT_INCLUDED, b"mine"))
    await world.rows(
        "releases",
        "update release_files set withdrawn_at = '2026-11-25 11:00+00' where withdrawn_at is not null",
    )
    await world.rows(
        "releases",
        "update release_files set deleted_at = '2026-11-24 10:30+00', deleted_by_id = 2 where name = $1",
        CSV[0],
    )
    found = zipped((await ask(f"/releases/{RELEASE}/archive", ROSA)).content)
    assert found.pop(f"_{NOT_INCLUDED}").decode() == (
        "These files of the release are not in this archive:\n\n"
        f"{CSV[0]}: redacted by Otis Example on 2026-11-24 10:30 UTC\n"
        "output/c.csv: withdrawn by Otis Example on 2026-11-25 11:00 UTC:"
        " it is not in the approved list any more\n"
        f"{LOG[0]}: not uploaded yet\n\n{BASE}/study/study-ws/releases/{RELEASE}/\n"
    )
    assert found == {KEPT[0]: KEPT[1], NOT_INCLUDED: b"mine"}


async def test_half_a_redaction_cannot_be_written(ids: dict[str, str], world: World) -> None:
    """F4"""
    for half in ("deleted_at = now()", "deleted_by_id = 2"):
        with pytest.raises(Exception, match="deleted_pair"):
            await world.rows("releases", f"update release_files set {half}")


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("start=2", CSV[1][2:]),
        ("start=2&length=3", CSV[1][2:5]),
        ("length=100", CSV[1]),
        ("start=8", b""),
        ("start=9999&length=5", b""),
    ],
)
async def test_a_part_of_the_bytes_can_be_had(
    ask: Ask, ids: dict[str, str], query: str, wanted: bytes
) -> None:
    answer = await ask(f"/files/{ids[CSV[0]]}/content?{query}", ROSA)
    assert (answer.status_code, answer.content) == (200, wanted)


@pytest.mark.parametrize("query", ["start=-1", "length=0", "start=x", "start=99999999999999999999"])
async def test_a_part_that_is_none_is_refused(ask: Ask, ids: dict[str, str], query: str) -> None:
    assert (await ask(f"/files/{ids[CSV[0]]}/content?{query}", ROSA)).status_code == 400


@strangers
async def test_strangers_are_told_of_no_release_on_home_or_in_a_search(
    ask: Ask, ids: dict[str, str], who: Claims | None
) -> None:
    assert (await ask("/releases", who)).json() == []
    assert (await ask("/releases?q=study", who)).json() == []
    assert (await ask(f"/releases?q={RELEASE}", who)).json() == []


async def test_the_newest_releases_of_ones_projects_with_something_in_them(
    ask: Ask, airlock: Airlock, ids: dict[str, str]
) -> None:
    await airlock.create(CSV, release=OTHER)  # nothing has arrived in it
    elsewhere = RELEASE[:-1] + "1"
    await airlock.create(CSV, release=elsewhere, workspace="other-ws")
    await airlock.upload(*CSV, release=elsewhere)
    [mine] = (await ask("/releases", ROSA)).json()
    assert (mine["id"], mine["number"], mine["workspace"]) == (RELEASE, 1, "study-ws")
    assert (mine["project_slug"], mine["file_count"], mine["uploaded_count"]) == ("study", 2, 1)
    assert [row["id"] for row in (await ask("/releases", OTIS)).json()] == [elsewhere, RELEASE]


async def test_a_release_is_found_by_its_id_or_its_workspace(ask: Ask, ids: dict[str, str]) -> None:
    for text in (RELEASE, RELEASE.lower(), RELEASE[:8], "study-ws", "UDY"):
        assert [row["id"] for row in (await ask(f"/releases?q={text}", ROSA)).json()] == [RELEASE], text
    for text in (RELEASE[:5], "%25", "zzz", "_"):
        assert (await ask(f"/releases?q={text}", ROSA)).json() == [], text
