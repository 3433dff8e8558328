"""Uploading the files of a release (A42 to A52)."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from testkit.world import World

from .conftest import BASE, LIMIT, RELEASE, Airlock, arrived, blob, in_pieces, listed, release_of, stored
from .known import OLGA, OTIS, ROSA

CSV = ("output/a.csv", b"a,b\n1,2\n")
LOG = ("output/b.txt", b"done\n")
EMPTY = ("output/empty.txt", b"")
ALREADY = f"This version of '{CSV[0]}' has already been uploaded from backend 'tpp'"


async def test_bytes_are_kept_and_said_to_be_there(airlock: Airlock, world: World, folder: Path) -> None:
    await airlock.create(CSV, LOG)
    answer = await airlock.upload(*CSV, acting=OLGA)
    assert (answer.status_code, answer.content) == (201, b"")
    [row] = await world.rows("releases", "select * from release_files where uploaded_at is not null")
    assert answer.headers["File-Id"] == row["id"]
    assert answer.headers["Location"] == f"{BASE}/api/v2/releases/file/{row['id']}"
    assert (row["name"], row["created_by_id"], row["uploaded_by_id"]) == (CSV[0], OTIS.user_id, OLGA.user_id)
    assert stored(folder) == [blob(CSV[1])]
    assert (folder / blob(CSV[1])).read_bytes() == CSV[1]
    assert await world.announced("releases") == ["releases.release.created.v1", "releases.file.uploaded.v1"]


async def test_the_last_file_completes_the_release_once(airlock: Airlock, world: World) -> None:
    await airlock.create(CSV, LOG)
    await airlock.upload(*CSV)
    [row] = await world.rows("releases", "select completed_at from releases")
    assert row["completed_at"] is None
    await airlock.upload(*LOG)
    await airlock.upload(*LOG)
    assert (await world.announced("releases"))[1:] == [
        "releases.file.uploaded.v1",
        "releases.file.uploaded.v1",
        "releases.release.completed.v1",
    ]
    [row] = await world.rows("releases", "select completed_at from releases")
    assert row["completed_at"] is not None


@pytest.mark.parametrize("content", [CSV[1], b"other bytes", b""])
async def test_a_file_uploaded_again_is_recognised_whatever_the_bytes(
    airlock: Airlock, world: World, folder: Path, content: bytes
) -> None:
    await airlock.create(CSV)
    await airlock.upload(*CSV)
    again = await airlock.upload(CSV[0], content)
    assert (again.status_code, again.json()) == (400, {"detail": ALREADY})
    assert stored(folder) == [blob(CSV[1])]
    assert (await world.announced("releases")).count("releases.file.uploaded.v1") == 1


async def test_a_redacted_file_does_not_come_back(airlock: Airlock, world: World) -> None:
    await airlock.create(CSV)
    await airlock.upload(*CSV)
    await world.rows("releases", "update release_files set deleted_at = now(), deleted_by_id = 2")
    again = await airlock.upload(*CSV)
    assert (again.status_code, again.json()) == (400, {"detail": ALREADY})
    assert (await airlock.create(CSV)).status_code == 201


async def test_the_same_file_uploaded_at_once_is_recorded_once(
    airlock: Airlock, world: World, folder: Path
) -> None:
    await airlock.create(CSV)
    answers = await asyncio.gather(*(airlock.upload(*CSV, acting=who) for who in (OTIS, OLGA, OTIS, OLGA)))
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]
    refused = [answer.json() for answer in answers if answer.status_code == 400]
    assert refused == [{"detail": ALREADY}] * 3
    assert stored(folder) == [blob(CSV[1])]
    assert await world.announced("releases") == [
        "releases.release.created.v1",
        "releases.file.uploaded.v1",
        "releases.release.completed.v1",
    ]


async def test_all_files_uploaded_at_once_complete_the_release_once(airlock: Airlock, world: World) -> None:
    files = [(f"output/{number}.csv", str(number).encode()) for number in range(8)]
    await airlock.create(*files)
    answers = await asyncio.gather(*(airlock.upload(*file) for file in files))
    assert {answer.status_code for answer in answers} == {201}
    assert (await world.announced("releases")).count("releases.release.completed.v1") == 1


async def test_the_right_and_the_wrong_bytes_at_once_leave_the_right_ones(
    airlock: Airlock, folder: Path
) -> None:
    await airlock.create(CSV)
    right, wrong = await asyncio.gather(airlock.upload(*CSV), airlock.upload(CSV[0], b"tampered"))
    assert (right.status_code, wrong.status_code) == (201, 400)
    assert stored(folder) == [blob(CSV[1])]


async def test_the_same_contents_under_two_names_are_stored_once(
    airlock: Airlock, world: World, folder: Path
) -> None:
    copy = ("output/copy.csv", CSV[1])
    await airlock.create(CSV, copy)
    answers = await asyncio.gather(airlock.upload(*CSV), airlock.upload(*copy))
    assert [answer.status_code for answer in answers] == [201, 201]
    assert await arrived(world) == [CSV[0], copy[0]]
    assert stored(folder) == [blob(CSV[1])]


async def test_contents_that_were_not_reviewed_are_refused_and_leave_nothing(
    airlock: Airlock, world: World, folder: Path
) -> None:
    await airlock.create(CSV)
    for content in (b"a,b\n1,3\n", b"", CSV[1] * 2):
        refused = await airlock.upload(CSV[0], content)
        assert refused.status_code == 400
        assert refused.json() == {
            "detail": f"Contents of {CSV[0]} are not those of the file that was reviewed"
        }
    assert await arrived(world) == []
    assert stored(folder) == []
    assert (await airlock.upload(*CSV)).status_code == 201


async def test_another_size_than_was_declared_is_refused(airlock: Airlock, world: World) -> None:
    """A48"""
    body = release_of(listed(*CSV) | {"size": 5})
    assert (await airlock.post("releases/workspace/study-ws", json=body)).status_code == 201
    assert (await airlock.upload(*CSV)).status_code == 400
    assert await arrived(world) == []


@pytest.mark.parametrize("length", [True, False], ids=["length 0", "chunked"])
async def test_a_file_of_no_bytes_is_accepted(
    airlock: Airlock, world: World, folder: Path, length: bool
) -> None:
    """Airlock sends it chunked, and would try for ever (A43)."""
    await airlock.create(EMPTY)
    answer = await airlock.upload(EMPTY[0], b"" if length else in_pieces())
    assert answer.status_code == 201
    assert await arrived(world) == [EMPTY[0]]
    assert (folder / blob(b"")).read_bytes() == b""


async def test_a_chunked_file_arrives_whole(airlock: Airlock, folder: Path) -> None:
    pieces = (b"a,b\n", b"1,", b"2\n")
    await airlock.create(CSV)
    assert (await airlock.upload(CSV[0], in_pieces(*pieces))).status_code == 201
    assert (folder / blob(CSV[1])).read_bytes() == CSV[1]


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/json", "text/csv", ""])
async def test_the_content_type_changes_nothing(airlock: Airlock, kind: str) -> None:
    await airlock.create(CSV)
    assert (await airlock.upload(*CSV, headers={"Content-Type": kind})).status_code == 201


@pytest.mark.parametrize(
    "disposition",
    [b"", b"attachment", b"attachment; filename=", b'attachment; filename=""', b"filename"],
)
async def test_without_a_file_name_it_is_refused(airlock: Airlock, disposition: bytes) -> None:
    await airlock.create(CSV)
    refused = await airlock.upload("", CSV[1], disposition=disposition)
    assert refused.status_code == 400
    assert refused.json() == {
        "detail": "Missing filename. Request should include a Content-Disposition header"
        " with a filename parameter."
    }


@pytest.mark.parametrize("header", ["%%%", "", "ü"])
async def test_a_disposition_that_the_gateway_did_not_write_names_no_file(
    airlock: Airlock, header: str
) -> None:
    await airlock.create(CSV)
    refused = await airlock.upload(*CSV, headers={"X-Raw-Disposition": header.encode("latin-1")})
    assert refused.status_code == 400


async def test_a_name_that_was_not_listed_is_refused_by_name(airlock: Airlock, folder: Path) -> None:
    await airlock.create(CSV)
    for name in ("a.csv", "output/A.csv", "output/a.csv.txt", "other/a.csv"):
        refused = await airlock.upload(name, CSV[1])
        assert refused.status_code == 400
        assert refused.json() == {"detail": f"File {name} not requested in release {RELEASE}"}
    assert stored(folder) == []


@pytest.mark.parametrize("before", [False, True], ids=["not there yet", "already there"])
async def test_another_backends_token_is_told_whose_release_it_is(airlock: Airlock, before: bool) -> None:
    """Asked before whether the file is there (A44)."""
    await airlock.create(CSV, acting=OLGA)
    if before:
        await airlock.upload(*CSV, acting=OLGA)
    refused = await airlock.upload(*CSV, acting=OLGA, backend="emis")
    assert (refused.status_code, refused.json()) == (
        400,
        {"detail": "Release is from backend tpp not emis"},
    )


@pytest.mark.parametrize("release", ["01M84KHD5VWA43R0YC5XND2PXX", "x", "%F0%9F%8C%B1"])
async def test_the_release_is_looked_up_before_anything_else(airlock: Airlock, release: str) -> None:
    answer = await airlock.upload(*CSV, release=release, backend=None, acting=None, disposition=b"")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "No Release matches the given query."}


async def test_a_nul_in_the_address_is_no_failure_of_ours(airlock: Airlock) -> None:
    assert (await airlock.upload(*CSV, release="%00")).status_code in {400, 404}


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"acting": ROSA, "disposition": b"", "content": bytes(LIMIT + 1)}, 403),
        ({"content": bytes(LIMIT + 1), "disposition": b""}, "too large"),
        ({"backend": "emis", "acting": OLGA, "name": "nothing.csv"}, "not requested"),
        ({"backend": "emis", "acting": OLGA, "content": b"wrong"}, "from backend"),
    ],
)
async def test_checks_come_in_the_order_of_the_reference(
    airlock: Airlock, how: dict[str, Any], status: int | str
) -> None:
    await airlock.create(CSV, acting=OLGA)
    name, content = how.pop("name", CSV[0]), how.pop("content", CSV[1])
    refused = await airlock.upload(name, content, **how)
    if isinstance(status, int):
        assert refused.status_code == status
    else:
        assert (refused.status_code, status in refused.json()["detail"]) == (400, True)


async def test_a_revoked_checker_cannot_go_on_uploading(airlock: Airlock) -> None:
    await airlock.create(CSV, LOG)
    assert (await airlock.upload(*CSV)).status_code == 201
    refused = await airlock.upload(*LOG, acting=ROSA)
    assert refused.json() == {"detail": "Authentication credentials were not provided."}
