"""Bytes in a folder and in a bucket: the same promises (F25, F26)."""

import asyncio
import hashlib
import logging
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import httpx
import pytest
from kit.errors import TooLarge, Unavailable
from messaging.uow import Units
from moto.server import ThreadedMotoServer
from releases.actions.sweep import GRACE, sweep_withdrawn
from releases.app import create
from releases.settings import Settings
from releases.storage import Received, Storage, blob_key
from testkit.world import World, running

from .conftest import Airlock, Ask, blob, in_pieces, stored
from .known import ROSA

MEGABYTE = 1024 * 1024
NOTHING_HERE = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """An S3 server with the bucket `released`; the usual variables point to it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_REGION", "us-east-1")
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="released")
        yield client
    server.stop()


@dataclass
class Place:
    """A storage, and how to see what is in it."""

    name: str
    storage: Storage
    folder: Path
    s3: Any

    def keys(self) -> list[str]:
        if not self.name.startswith("s3:"):
            return stored(self.folder)
        found = self.s3.list_objects_v2(Bucket="released", Prefix="some/place/").get("Contents", [])
        return sorted(item["Key"].removeprefix("some/place/") for item in found)

    def unfinished(self) -> list[Any]:
        found: list[Any] = self.s3.list_multipart_uploads(Bucket="released").get("Uploads", [])
        return found


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path, s3: Any) -> Place:
    for item in s3.list_objects_v2(Bucket="released").get("Contents", []):
        s3.delete_object(Bucket="released", Key=item["Key"])
    name = "s3://released/some/place" if request.param == "bucket" else str(tmp_path / "new" / "folder")
    return Place(name, Storage(name), Path(name), s3)


async def read(storage: Storage, sha256: str) -> bytes:
    return b"".join([chunk async for chunk in await storage.read(sha256)])


@pytest.mark.parametrize("content", [b"", b"x", bytes(12 * MEGABYTE)], ids=["nothing", "a byte", "12 MiB"])
async def test_what_was_kept_can_be_read(place: Place, content: bytes) -> None:
    received = await place.storage.receive(in_pieces(content[:5], content[5:]), 16 * MEGABYTE)
    assert received.size == len(content)
    assert received.sha256 == hashlib.sha256(content).hexdigest()
    assert place.keys() == [received.key]
    await place.storage.keep(received)
    assert place.keys() == [blob(content)] == [blob_key(received.sha256)]
    assert await read(place.storage, received.sha256) == content


async def test_the_same_bytes_twice_are_one_object(place: Place) -> None:
    received = [await place.storage.receive(in_pieces(b"same"), 10) for _ in range(3)]
    await asyncio.gather(*(place.storage.keep(one) for one in received))
    assert place.keys() == [blob(b"same")]
    assert await read(place.storage, received[0].sha256) == b"same"


@pytest.mark.parametrize("megabytes", [1, 14])
async def test_too_many_bytes_leave_nothing(place: Place, megabytes: int) -> None:
    with pytest.raises(TooLarge):
        await place.storage.receive(in_pieces(*[bytes(MEGABYTE)] * (megabytes + 1)), megabytes * MEGABYTE)
    assert place.keys() == []
    assert place.unfinished() == []


@pytest.mark.parametrize("megabytes", [0, 1, 14])
async def test_an_upload_that_breaks_off_leaves_nothing(place: Place, megabytes: int) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        for _ in range(megabytes):
            yield bytes(MEGABYTE)
        raise RuntimeError("broke off")

    with pytest.raises(RuntimeError, match="broke off"):
        await place.storage.receive(breaking(), 16 * MEGABYTE)
    assert place.keys() == []
    assert place.unfinished() == []


async def test_what_was_discarded_is_gone_and_may_be_discarded_again(place: Place) -> None:
    received = await place.storage.receive(in_pieces(b"x"), 10)
    await place.storage.discard(received)
    await place.storage.discard(received)
    assert place.keys() == []


async def test_bytes_that_are_not_there_are_not_available(place: Place) -> None:
    with pytest.raises(Unavailable):
        await place.storage.read("ab" * 32)
    with pytest.raises(Unavailable):
        await place.storage.keep(Received("incoming/gone", "ab" * 32, 1))


async def test_only_old_unfinished_uploads_are_swept_up(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await place.storage.sweep() == 0
    kept = await place.storage.receive(in_pieces(b"kept"), 10)
    await place.storage.keep(kept)
    fresh = await place.storage.receive(in_pieces(b"fresh"), 10)
    assert await place.storage.sweep() == 0
    assert place.keys() == sorted([blob(b"kept"), fresh.key])
    monkeypatch.setattr("releases.storage._ORPHAN", timedelta(minutes=-1))
    assert await place.storage.sweep() == 1
    assert place.keys() == [blob(b"kept")]


async def test_what_a_killed_process_had_begun_to_write_is_swept_up_too(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    begun = tmp_path / "incoming" / "0123456789abcdef#1"
    begun.write_bytes(b"half")
    os.utime(begun, (0, time.time() - 7 * 3600))
    assert await storage.sweep() == 1
    assert stored(tmp_path) == []


async def test_a_file_is_flushed_to_the_disk_before_it_counts_as_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    really = os.fsync

    def fsync(opened: int) -> None:
        flushed.append(os.path.relpath(os.readlink(f"/proc/self/fd/{opened}"), tmp_path))
        really(opened)

    monkeypatch.setattr(os, "fsync", fsync)
    storage = Storage(str(tmp_path))
    received = await storage.receive(in_pieces(b"x"), 10)
    await storage.keep(received)
    assert flushed == [received.key, blob(b"x")[:2], "."]


@pytest.fixture
async def in_bucket(world: World, settings: dict[str, Any], s3: Any) -> AsyncIterator[Airlock]:
    """The service with its files in the bucket."""
    app = create(Settings(**settings | {"release_storage": "s3://released/api"}))
    async with running(app) as url, httpx.AsyncClient(base_url=url, timeout=60) as client:
        yield Airlock(world, client)


async def test_a_release_goes_through_a_bucket(in_bucket: Airlock, world: World, s3: Any) -> None:
    files = [("output/a.csv", b"a\n1\n"), ("output/empty.txt", b""), ("output/big.csv", bytes(12 * MEGABYTE))]
    assert (await in_bucket.create(*files)).status_code == 201
    assert (await in_bucket.upload(files[0][0], b"other")).status_code == 400
    for name, content in files:
        done = await in_bucket.upload(name, content)
        assert done.status_code == 201
        headers = {"x-job-server-identity": world.signer().sign(kind="session", user=ROSA)}
        path = f"/api/v2/releases/file/{done.headers['File-Id']}"
        assert (await in_bucket.client.get(path, headers=headers)).content == content
    kept = [item["Key"] for item in s3.list_objects_v2(Bucket="released", Prefix="api/")["Contents"]]
    assert kept == sorted(f"api/{blob(content)}" for _, content in files)
    ready = await in_bucket.client.get("/health/ready")
    assert ready.json()["storage"] == "ok"


async def test_a_bucket_that_does_not_answer_is_said_soon_and_nothing_counts_as_uploaded(
    world: World, settings: dict[str, Any], s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", NOTHING_HERE)
    app = create(Settings(**settings | {"release_storage": "s3://released/api"}))
    async with running(app) as url, httpx.AsyncClient(base_url=url, timeout=15) as client:
        airlock = Airlock(world, client)
        await airlock.create(("a.csv", b"x"))
        refused = await airlock.upload("a.csv", b"x")
        assert refused.status_code == 503
        assert isinstance(refused.json()["detail"], str)
        ready = await client.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["postgresql"] == "ok"
        assert ready.json()["storage"] != "ok"
    [row] = await world.rows("releases", "select uploaded_at from release_files")
    assert row["uploaded_at"] is None


@contextmanager
def broken(folder: Path) -> Iterator[None]:
    away = folder.with_name("away")
    folder.rename(away)
    folder.write_text("not a folder")
    try:
        yield
    finally:
        folder.unlink()
        away.rename(folder)


async def test_a_folder_that_is_broken_is_said_and_nothing_counts_as_uploaded(
    airlock: Airlock, world: World, folder: Path, ask: Ask
) -> None:
    await airlock.create(("a.csv", b"x"), ("b.csv", b"y"))
    there = await airlock.upload("a.csv", b"x")
    with broken(folder):
        refused = await airlock.upload("b.csv", b"y")
        assert refused.status_code == 503
        assert isinstance(refused.json()["detail"], str)
        for path in ("/api/v2/releases/file/{}", "/files/{}/content"):
            unread = await ask(path.format(there.headers["File-Id"]), ROSA)
            assert unread.status_code == 503
        ready = await airlock.client.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["postgresql"] == "ok"
        assert ready.json()["storage"] != "ok"
    rows = await world.rows("releases", "select name from release_files where uploaded_at is not null")
    assert [row["name"] for row in rows] == ["a.csv"]
    assert (await airlock.upload("b.csv", b"y")).status_code == 201
    assert (await airlock.client.get("/health/ready")).json()["storage"] == "ok"


async def test_what_is_released_can_be_read_by_the_services_user_only(tmp_path: Path) -> None:
    """Whatever the umask; temporary files too, and a folder of before."""
    root = tmp_path / "released"
    root.mkdir(mode=0o755)
    old = os.umask(0)
    try:
        storage = Storage(str(root))
        await storage.keep(await storage.receive(in_pieces(b"kept"), 10))
        await storage.receive(in_pieces(b"not yet kept"), 100)
    finally:
        os.umask(old)
    modes = {(path.is_dir(), oct(path.stat().st_mode & 0o777)) for path in (root, *root.rglob("*"))}
    assert modes == {(True, "0o700"), (False, "0o600")}


async def test_bytes_of_withdrawn_files_go_when_their_grace_has_ended(
    airlock: Airlock, units: Units, world: World, folder: Path
) -> None:
    storage = Storage(str(folder))
    gone, shared, waiting = ("a.csv", b"gone"), ("b.csv", b"shared"), ("c.csv", b"waiting")
    await airlock.create(gone, shared, waiting)
    await airlock.upload(*gone)
    await airlock.upload(*shared)
    await airlock.create(("renamed.csv", shared[1]), waiting)
    now = datetime.now(UTC)
    assert await sweep_withdrawn(units, storage, now) == 0
    assert stored(folder) == sorted([blob(b"gone"), blob(b"shared")])
    later = now + GRACE + timedelta(minutes=1)
    await sweep_withdrawn(units, storage, later)
    assert stored(folder) == [blob(b"shared")]
    [row] = await world.rows(
        "releases", "select name, swept_at from release_files where swept_at is not null"
    )
    assert (row["name"], row["swept_at"]) == ("a.csv", later)
    assert await sweep_withdrawn(units, storage, later) == 0
