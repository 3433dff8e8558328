"""File names as the real Airlock sends them, and as nobody should (A42)."""

from pathlib import Path

import pytest
from testkit.world import World

from .conftest import RELEASE, Airlock, Ask, blob, stored
from .known import ROSA

CONTENT = b"x\n"


@pytest.mark.parametrize(
    "name",
    [
        "output/with space.csv",
        "output/semi;colon,comma.csv",
        "output/100%20sure+#'hash'.csv",
        "output/déjà vu.csv",
        "output/ÿ£.csv",
        "output/back\\slash.csv",
        "output/deep/er/and/deeper/a.csv",
        "output/.hidden",
        "output/..dots..csv",
        "output/" + "n" * 900 + ".csv",
        "$(reboot)`ls`|&.csv",
        "output/trailing.csv ",
    ],
)
async def test_a_name_arrives_as_it_was_listed(
    airlock: Airlock, world: World, folder: Path, ask: Ask, name: str
) -> None:
    assert (await airlock.create((name, CONTENT))).status_code == 201
    done = await airlock.upload(name, CONTENT)
    assert done.status_code == 201, done.text
    [row] = await world.rows("releases", "select name, uploaded_at from release_files")
    assert row["name"] == name.replace("\\", "/").strip()
    assert row["uploaded_at"] is not None
    assert stored(folder) == [blob(CONTENT)]
    again = await airlock.upload(name, CONTENT)
    assert f"This version of '{name}' has already been uploaded" in again.json()["detail"]
    read = await ask(f"/api/v2/releases/file/{done.headers['File-Id']}", ROSA)
    assert (read.status_code, read.content) == (200, CONTENT)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("output/日本.csv", "output/日本.csv contains 日,"),
        ("output/🌱.csv", "output/🌱.csv contains 🌱,"),
        ("output/e\u0301.csv", "output/e\u0301.csv contains \u0301,"),
        ("output/\u202ecsv.exe", "'output/\\u202ecsv.exe' contains '\\u202e',"),
        ('output/a "quoted" name.csv', 'output/a "quoted" name.csv contains ",'),
        ("output/a\n.csv", "'output/a\\n.csv' contains a control character,"),
        ("output/a\r\nX-Injected: 1.csv", "contains a control character,"),
        ("output/a\x7f.csv", "contains a control character,"),
        ("output/a\x1b[31m.csv", "contains a control character,"),
        ("output/a\x85.csv", "contains a control character,"),
        ("output/a.csv\n", "contains a control character,"),
    ],
)
async def test_a_name_that_airlock_cannot_send_is_refused_at_once(
    airlock: Airlock, world: World, name: str, shown: str
) -> None:
    """Otherwise it would stand there as not uploaded yet for ever (A40)."""
    refused = await airlock.create(("output/fine.csv", CONTENT), (name, CONTENT))
    assert refused.status_code == 400
    assert shown in refused.json()["detail"]
    assert "Rename the file" in refused.json()["detail"]
    assert not await world.rows("releases", "select from releases")


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "../../../../evil.txt",
        "output/../../evil.txt",
        "output/..",
        "..",
        ".",
        "./a.csv",
        "output//a.csv",
        "output/",
        "/etc/passwd",
        "\\\\server\\share",
        "..\\..\\evil.txt",
    ],
)
async def test_a_name_that_leads_elsewhere_is_refused(
    airlock: Airlock, world: World, folder: Path, name: str
) -> None:
    """The reference wrote such a file outside its storage (A41)."""
    refused = await airlock.create(("output/a.csv", CONTENT), (name, CONTENT))
    assert refused.status_code == 400
    assert list(refused.json()["files"]) == ["1"]
    assert list(refused.json()["files"]["1"]) == ["name"]
    assert not await world.rows("releases", "select from releases")
    assert stored(folder) == []


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/passwd", "output/../a.csv", "output/a.csv\0"])
async def test_an_upload_cannot_leave_the_storage_either(airlock: Airlock, folder: Path, name: str) -> None:
    await airlock.create(("output/a.csv", CONTENT))
    refused = await airlock.upload(name, CONTENT)
    assert refused.status_code == 400
    assert stored(folder) == []
    assert not (folder.parent / "evil.txt").exists()


async def test_a_release_id_never_becomes_a_path(airlock: Airlock) -> None:
    for release in ("..", "..%2f..%2fetc", f"{RELEASE}%2f.."):
        assert (await airlock.upload("a.csv", CONTENT, release=release)).status_code in {404, 405}
