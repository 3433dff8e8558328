"""Uploads that are too large, break off, or meet a crash: nothing half done is left."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from testkit.world import World

from .conftest import LIMIT, Airlock, arrived, blob, in_pieces, stored

CSV = ("output/a.csv", b"a,b\n1,2\n")
TOO_LARGE = "File is too large, it must be below 16.0Mb"


async def test_a_file_as_large_as_the_limit_arrives(airlock: Airlock, folder: Path) -> None:
    content = bytes(LIMIT)
    await airlock.create(("output/big.csv", content))
    assert (await airlock.upload("output/big.csv", content)).status_code == 201
    assert (folder / blob(content)).stat().st_size == LIMIT


@pytest.mark.parametrize("more", [1, 20 * 1024 * 1024])
async def test_a_declared_length_above_the_limit_is_refused(
    airlock: Airlock, folder: Path, more: int
) -> None:
    """An object with `detail`, not the reference's list, which Airlock cannot read (A11, A49)."""
    await airlock.create(CSV)
    refused = await airlock.upload(CSV[0], bytes(LIMIT + more))
    assert (refused.status_code, refused.json()) == (400, {"detail": TOO_LARGE})
    assert stored(folder) == []


@pytest.mark.parametrize("megabytes", [17, 40])
async def test_more_than_the_limit_without_a_length_is_refused(
    airlock: Airlock, world: World, folder: Path, megabytes: int
) -> None:
    """A49"""
    await airlock.create(CSV)
    pieces = (bytes(1024 * 1024) for _ in range(megabytes))
    refused = await airlock.upload(CSV[0], in_pieces(*pieces))
    assert (refused.status_code, refused.json()) == (400, {"detail": TOO_LARGE})
    assert stored(folder) == []
    assert await arrived(world) == []


async def test_a_client_that_goes_away_leaves_nothing(airlock: Airlock, world: World, folder: Path) -> None:
    content = bytes(12 * 1024 * 1024)
    await airlock.create(("output/big.csv", content))
    begun = asyncio.Event()

    async def cut_short() -> Any:
        yield content[: 11 * 1024 * 1024]
        begun.set()
        await asyncio.Event().wait()

    sending = asyncio.create_task(airlock.upload("output/big.csv", cut_short()))
    await begun.wait()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    async with asyncio.timeout(10):
        while stored(folder):
            await asyncio.sleep(0.01)
    assert await arrived(world) == []
    assert (await airlock.upload("output/big.csv", content)).status_code == 201
    assert stored(folder) == [blob(content)]


async def test_a_crash_between_bytes_and_record_loses_nothing(
    airlock: Airlock, world: World, folder: Path
) -> None:
    """Durable first, then said (A52): the connection dies at the commit, and the next try succeeds."""
    await airlock.create(CSV)
    await world.rows(
        "releases",
        "create function releases.die() returns trigger language plpgsql security definer as"
        " $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$",
    )
    await world.rows(
        "releases",
        "create trigger die before update on release_files for each row execute function releases.die()",
    )
    try:
        failed = await airlock.upload(*CSV)
        assert failed.status_code >= 500
        assert isinstance(failed.json()["detail"], str)
    finally:
        await world.rows("releases", "drop function releases.die cascade")
    assert stored(folder) == [blob(CSV[1])]
    assert await arrived(world) == []
    assert await world.announced("releases") == ["releases.release.created.v1"]
    assert (await airlock.upload(*CSV)).status_code == 201
    assert stored(folder) == [blob(CSV[1])]
