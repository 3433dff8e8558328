"""The public API's reads (F9 to F17)."""

from typing import Any

import pytest
from contracts.statement import Claims
from testkit.world import World, person

from .conftest import RELEASE, Airlock, Ask, blob
from .known import ELSEWHERE, OLGA, OTIS, ROSA, STUDY

CSV = ("output/a.csv", b"a,b\n1,2\n")
LOG = ("output/b.log", b"done\n")
OTHER = RELEASE[:-1] + "0"
FILES = "/api/v2/releases"

READERS = [
    ROSA,
    OTIS,
    person(10, "collaborator", projects={"ProjectCollaborator": [STUDY]}, memberships=[STUDY]),
    person(11, "everywhere", roles=["ProjectCollaborator"]),
    person(12, "support", roles=["TechSupport"]),
]
STRANGERS = [
    person(20, "newcomer"),
    person(21, "elsewhere", projects={"ProjectDeveloper": [ELSEWHERE]}, memberships=[ELSEWHERE]),
    person(22, "member", memberships=[STUDY], orgs=[1], backends=["tpp"]),
    person(23, "publisher", roles=["OutputPublisher"]),
    person(24, "staff", roles=["StaffAreaAdministrator", "ServiceAdministrator", "DeploymentAdministrator"]),
]


@pytest.fixture
async def uploaded(airlock: Airlock, world: World) -> dict[str, str]:
    """Ids of two files, of which only the first has arrived."""
    await airlock.create(CSV, LOG)
    await airlock.upload(*CSV)
    rows = await world.rows("releases", "select id, name from release_files")
    return {row["name"]: row["id"] for row in rows}


def paths(uploaded: dict[str, str]) -> list[str]:
    return [
        f"{FILES}/workspace/study-ws",
        f"{FILES}/release/{RELEASE}",
        f"{FILES}/file/{uploaded[CSV[0]]}",
        f"{FILES}/file/{uploaded[LOG[0]]}",
    ]


@pytest.mark.parametrize("who", READERS, ids=lambda who: who.username)
@pytest.mark.parametrize("kind", ["session", "pat"])
async def test_who_may_view_may_read(ask: Ask, uploaded: dict[str, str], who: Claims, kind: str) -> None:
    for path in paths(uploaded):
        assert (await ask(path, who, kind=kind)).status_code == 200


@pytest.mark.parametrize("who", STRANGERS, ids=lambda who: who.username)
@pytest.mark.parametrize("kind", ["session", "pat"])
async def test_everybody_else_is_refused(ask: Ask, uploaded: dict[str, str], who: Claims, kind: str) -> None:
    """Also with a personal token: it gives nobody more than they have (F10)."""
    for path in paths(uploaded):
        refused = await ask(path, who, kind=kind)
        assert refused.status_code == 403
        assert refused.json() == {"detail": "Invalid user or token for workspace study-ws"}


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ({}, "Invalid user or token"),
        ({"reason": "empty"}, "Invalid user or token"),
        ({"kind": "failed", "reason": "unknown_user"}, "Invalid user"),
        ({"kind": "failed", "reason": "invalid_token"}, "You do not have permission to perform this action."),
        (
            {"kind": "backend", "backend": "tpp", "acting": OTIS},
            "You do not have permission to perform this action.",
        ),
        ({"kind": "service"}, "Invalid user or token"),
    ],
)
async def test_who_is_nobody_is_refused_in_the_words_of_the_reference(
    ask: Ask, uploaded: dict[str, str], how: dict[str, Any], text: str
) -> None:
    for path in paths(uploaded):
        refused = await ask(path, **how)
        assert (refused.status_code, refused.json()) == (403, {"detail": text})


@pytest.mark.parametrize("who", [None, *STRANGERS[:1], OTIS])
async def test_what_does_not_exist_is_said_before_anything_else(ask: Ask, who: Claims | None) -> None:
    for path, model in (
        ("workspace/nowhere", "Workspace"),
        (f"release/{OTHER}", "Release"),
        (f"file/{OTHER}", "ReleaseFile"),
    ):
        answer = await ask(f"{FILES}/{path}", who)
        assert answer.status_code == 404
        assert answer.json() == {"detail": f"No {model} matches the given query."}


async def test_the_index_of_a_release(ask: Ask, uploaded: dict[str, str], world: World) -> None:
    answer = await ask(f"{FILES}/release/{RELEASE}", ROSA)
    assert answer.headers["Content-Type"] == "application/json"
    first, second = answer.json()["files"]
    date = first.pop("date")
    assert first == {
        "name": CSV[0],
        "id": uploaded[CSV[0]],
        "url": f"/api/v2/releases/file/{uploaded[CSV[0]]}",
        "user": "otis",
        "sha256": blob(CSV[1]).split("/")[1],
        "size": len(CSV[1]),
        "is_deleted": False,
        "backend": "TPP",
        "metadata": {"tool": "airlock", "airlock_id": RELEASE},
        "review": None,
    }
    assert date.endswith("+00:00")
    assert second["name"] == LOG[0]


async def test_the_latest_files_are_by_backend_and_name(ask: Ask, airlock: Airlock, world: World) -> None:
    """Several releases on one backend and one on another; the newest of each name (F12)."""
    for number in range(3):
        await airlock.create((CSV[0], str(number).encode()), release=RELEASE[:-1] + str(number))
    await airlock.create(CSV, LOG, release=RELEASE[:-1] + "9", backend="emis", acting=OLGA)
    found = (await ask(f"{FILES}/workspace/study-ws", ROSA)).json()["files"]
    assert [(file["name"], file["backend"]) for file in found] == [
        (f"emis/{CSV[0]}", "EMIS"),
        (f"emis/{LOG[0]}", "EMIS"),
        (f"tpp/{CSV[0]}", "TPP"),
    ]
    assert found[2]["sha256"] == blob(b"2").split("/")[1]
    assert (await ask(f"{FILES}/workspace/other-ws", OTIS)).json() == {"files": []}


async def test_a_redacted_newest_version_does_not_bring_the_older_one_back(
    ask: Ask, airlock: Airlock, world: World
) -> None:
    await airlock.create((CSV[0], b"old"))
    await airlock.create((CSV[0], b"new"), release=OTHER)
    await world.rows(
        "releases",
        "update release_files set deleted_at = now(), deleted_by_id = 2 where release_id = $1",
        OTHER,
    )
    [file] = (await ask(f"{FILES}/workspace/study-ws", ROSA)).json()["files"]
    assert (file["sha256"], file["is_deleted"]) == (blob(b"new").split("/")[1], True)


async def test_a_file_is_its_bytes(ask: Ask, uploaded: dict[str, str]) -> None:
    answer = await ask(f"{FILES}/file/{uploaded[CSV[0]]}", ROSA)
    assert answer.content == CSV[1]
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('inline; filename="a.csv"')
    assert answer.headers["Last-Modified"].endswith(" GMT")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; ")


async def test_a_file_that_has_not_arrived_says_so(ask: Ask, uploaded: dict[str, str]) -> None:
    answer = await ask(f"{FILES}/file/{uploaded[LOG[0]]}", ROSA)
    assert (answer.status_code, answer.content) == (200, b'"File not yet uploaded"')
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("who", [ROSA, OTIS, None], ids=["author", "checker", "nobody"])
async def test_a_redacted_file_is_not_there(
    ask: Ask, uploaded: dict[str, str], world: World, who: Claims | None
) -> None:
    await world.rows("releases", "update release_files set deleted_at = now(), deleted_by_id = 2")
    answer = await ask(f"{FILES}/file/{uploaded[CSV[0]]}", who)
    assert answer.status_code == 404
    assert answer.json() == {"detail": "No ReleaseFile matches the given query."}


async def test_behind_nginx_only_the_place_of_the_bytes_is_said(ask: Ask, uploaded: dict[str, str]) -> None:
    """F16, F25"""
    path, asked = f"{FILES}/file/{uploaded[CSV[0]]}", {"Releases-Redirect": "/storage"}
    answer = await ask(path, ROSA, headers=asked)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["X-Accel-Redirect"] == f"/storage/{blob(CSV[1])}"
    assert "Last-Modified" in answer.headers
    refused = await ask(path, STRANGERS[0], headers=asked)
    assert (refused.status_code, "X-Accel-Redirect" in refused.headers) == (403, False)


async def test_bytes_that_were_lost_are_an_honest_503(
    ask: Ask, uploaded: dict[str, str], folder: Any
) -> None:
    (folder / blob(CSV[1])).unlink()
    answer = await ask(f"{FILES}/file/{uploaded[CSV[0]]}", ROSA)
    assert answer.status_code == 503
    assert isinstance(answer.json()["detail"], str)


async def test_a_change_of_rights_counts_at_the_next_question(ask: Ask, uploaded: dict[str, str]) -> None:
    path = f"{FILES}/file/{uploaded[CSV[0]]}"
    assert (await ask(path, ROSA)).status_code == 200
    assert (await ask(path, person(1, "rosa", memberships=[STUDY]))).status_code == 403
