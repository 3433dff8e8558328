"""What creation refuses, field by field (A33, A39 to A41)."""

from typing import Any

import pytest
from testkit.world import World

from .conftest import RELEASE, Airlock, listed, release_of

CSV = ("output/a.csv", b"a,b\n1,2\n")
LOG = ("output/b.txt", b"done\n")


async def post(airlock: Airlock, body: Any) -> tuple[int, Any]:
    answer = await airlock.post("releases/workspace/study-ws", json=body)
    return answer.status_code, answer.json()


REQUIRED = ["This field is required."]
BLANK = ["This field may not be blank."]
NULL = ["This field may not be null."]


async def test_every_field_of_the_release_is_required(airlock: Airlock) -> None:
    status, faults = await post(airlock, {})
    assert status == 400
    assert faults == dict.fromkeys(("files", "metadata", "review"), REQUIRED)


async def test_every_field_of_a_file_is_required_and_faults_are_by_index(airlock: Airlock) -> None:
    status, faults = await post(airlock, release_of(listed(*CSV), {}))
    assert status == 400
    names = ("name", "url", "size", "sha256", "date", "metadata", "review")
    assert faults == {"files": {"1": dict.fromkeys(names, REQUIRED)}}


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("name", "", BLANK),
        ("name", None, NULL),
        ("url", " ", BLANK),
        ("sha256", None, NULL),
        ("size", "many", ["A valid integer is required."]),
        ("size", -1, ["A valid integer is required."]),
        ("metadata", None, NULL),
    ],
)
async def test_a_wrong_value_is_named(airlock: Airlock, field: str, value: Any, text: list[str]) -> None:
    status, faults = await post(airlock, release_of(listed(*CSV) | {field: value}))
    assert (status, faults) == (400, {"files": {"0": {field: text}}})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ["a"]),
        ("name", "x" * 1001),
        ("size", 1.5),
        ("size", True),
        ("size", 10**30),
        ("date", "yesterday"),
        ("date", None),
        ("date", 5),
        ("date", "0001-01-01T00:00:00+14:00"),
        ("date", "9999-12-31T23:59:59-14:00"),
        ("metadata", []),
        ("review", "fine"),
        ("review", {"status": "MAYBE", "comments": {}}),
        ("review", {"status": "APPROVED"}),
    ],
)
async def test_nonsense_in_a_file_is_a_fault_of_that_field(airlock: Airlock, field: str, value: Any) -> None:
    status, faults = await post(airlock, release_of(listed(*CSV), listed(*LOG) | {field: value}))
    assert status == 400
    assert list(faults["files"]) == ["1"]
    assert list(faults["files"]["1"]) == [field]


async def test_reviews_are_checked_and_may_be_given(airlock: Airlock) -> None:
    review = {"status": "APPROVED", "comments": {"a": "b"}}
    status, _ = await post(airlock, release_of(listed(*CSV, review=review), review={"any": "thing"}))
    assert status == 201


@pytest.mark.parametrize("body", [[], "text", 5, {"files": "x", "metadata": {}, "review": None}])
async def test_another_shape_than_a_release_is_refused(airlock: Airlock, body: Any) -> None:
    assert (await post(airlock, body))[0] == 400


@pytest.mark.parametrize("raw", [b"{", b"\xff", b'{"a": 1e999}', b'{"a":' * 2000 + b"1" + b"}" * 2000])
async def test_what_is_no_json_is_refused(airlock: Airlock, raw: bytes) -> None:
    answer = await airlock.post("releases/workspace/study-ws", content=raw)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("JSON parse error - ")


@pytest.mark.parametrize("where", ["metadata", "review"])
async def test_what_the_database_could_not_keep_is_refused(airlock: Airlock, where: str) -> None:
    for value in ({"a": "b\0c"}, {"a\0": 1}, {"a": [{"b": ["\0"]}]}):
        assert (await post(airlock, release_of(listed(*CSV)) | {where: value}))[0] == 400


async def test_a_file_as_large_as_the_limit_is_allowed_and_one_byte_more_is_not(airlock: Airlock) -> None:
    at_limit = listed("output/a.csv", b"", size=16777216)
    assert (await post(airlock, release_of(at_limit)))[0] == 201
    status, said = await post(airlock, release_of(at_limit | {"size": 16777217}))
    assert status == 400
    assert said == {
        "detail": "output/a.csv is too large to release: it has 16,777,217 bytes and 16,777,216 (16 MiB)"
        " are allowed. Split or summarise it and make a new release request."
    }


@pytest.mark.parametrize(
    "release", ["hello", "x" * 27, "../../etc/passwd", "01M84KHD5VWA43R0YC5XND2PX/", RELEASE.lower(), " "]
)
async def test_an_id_that_airlock_cannot_have_made_is_refused(
    airlock: Airlock, world: World, release: str
) -> None:
    """A41"""
    assert (await airlock.create(CSV, release=release)).status_code == 400
    assert not await world.rows("releases", "select from releases")


async def test_a_name_stands_once_in_a_release(airlock: Airlock, world: World) -> None:
    """Uploads are matched by (release, name): a second one could never be told from the first (A41)."""
    body = release_of(listed("output/a.csv", b"1"), listed("output\\a.csv", b"2"))
    status, faults = await post(airlock, body)
    assert (status, list(faults["files"]), list(faults["files"]["1"])) == (400, ["1"], ["name"])
    assert not await world.rows("releases", "select from releases")


async def test_a_body_beyond_the_limit_is_refused(airlock: Airlock, world: World) -> None:
    status, said = await post(airlock, release_of(listed(*CSV), review={"long": "x" * 5_000_000}))
    assert (status, said) == (400, {"detail": "The request body is too large."})


async def test_a_form_is_read_but_holds_no_list_of_files(airlock: Airlock) -> None:
    answer = await airlock.post("releases/workspace/study-ws", data={"files": "a", "review": "b"})
    assert answer.status_code == 400
    assert answer.json()["metadata"] == REQUIRED
