"""Where released bytes live: by their hash, written whole or not at all (F25, F26)."""

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import obstore
from kit import clock
from kit.errors import TooLarge, Unavailable
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

_INCOMING = "incoming"
_CHUNK = 1024 * 1024
_ORPHAN = timedelta(hours=6)
_OWN_FOLDER, _OWN_FILE = 0o700, 0o600


@dataclass(frozen=True)
class Received:
    """Bytes that arrived under a name of their own, not yet anybody's."""

    key: str
    sha256: str
    size: int


def blob_key(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"


class Storage:
    def __init__(self, place: str) -> None:
        self._store: LocalStore | S3Store
        self._folder: Path | None = None
        if place.startswith("s3://"):
            bucket, _, prefix = place.removeprefix("s3://").partition("/")
            self._store = S3Store(
                bucket,
                prefix=prefix or None,
                client_options={
                    "allow_http": True,  # the scheme of AWS_ENDPOINT_URL decides
                    "connect_timeout": timedelta(seconds=3),
                    "timeout": timedelta(seconds=30),
                },
                retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=10)},
            )
        else:
            self._folder = Path(place).absolute()
            _private(self._folder, self._folder / _INCOMING)
            self._store = LocalStore(prefix=self._folder)

    async def receive(self, body: AsyncIterable[bytes], limit: int) -> Received:
        """Stream to a temporary object while hashing. Raises TooLarge, Unavailable; nothing is left then."""
        key, digest, size = f"{_INCOMING}/{secrets.token_hex(16)}", hashlib.sha256(), 0

        async def counted() -> AsyncIterator[bytes]:
            nonlocal size
            async for chunk in body:
                size += len(chunk)
                if size > limit:
                    raise TooLarge("The file is too large.")
                digest.update(chunk)
                yield chunk

        with _answering():
            # What `counted` raises comes out here, after the parts that were sent have been taken back.
            await obstore.put_async(self._store, key, counted(), max_concurrency=2)
            if self._folder:
                (self._folder / key).chmod(_OWN_FILE)
        return Received(key, digest.hexdigest(), size)

    async def keep(self, received: Received) -> None:
        """Make it durable under its hash; the same bytes again are the same object."""
        blob = blob_key(received.sha256)
        with _answering():
            if self._folder:
                await asyncio.to_thread(_private, (self._folder / blob).parent)
                await asyncio.to_thread(_sync, self._folder / received.key)
            await obstore.rename_async(self._store, received.key, blob, overwrite=True)
            if self._folder:
                await asyncio.to_thread(_sync, (self._folder / blob).parent, self._folder)

    async def discard(self, received: Received) -> None:
        with _answering():
            try:
                await obstore.delete_async(self._store, received.key)
            except FileNotFoundError:
                return

    async def read(self, sha256: str, part: tuple[int, int] | None = None) -> AsyncIterator[bytes]:
        """The bytes, or those from `part[0]` until before `part[1]`, in chunks. Raises Unavailable before the
        first one when they cannot be had.
        """
        with _answering():
            found = await obstore.get_async(
                self._store, blob_key(sha256), options={"range": part} if part else {}
            )

        async def chunks() -> AsyncIterator[bytes]:
            async for chunk in found.stream(min_chunk_size=_CHUNK):
                yield bytes(chunk)

        return chunks()

    async def ping(self) -> None:
        await obstore.put_async(self._store, f"{_INCOMING}/ready", b"ok")

    async def sweep(self) -> int:
        """Remove temporary objects that nobody finished; how many there were."""
        old = clock.now() - _ORPHAN
        if self._folder:
            return await asyncio.to_thread(_sweep, self._folder / _INCOMING, old.timestamp())
        keys = [
            str(item["path"])
            async for page in obstore.list(self._store, prefix=_INCOMING)
            for item in page
            if item["last_modified"] < old
        ]
        if keys:
            await obstore.delete_async(self._store, keys)
        return len(keys)

    async def remove(self, sha256: str, before: datetime) -> bool:
        """False when the bytes have come again since `before`: somebody is about to need them."""
        key = blob_key(sha256)
        with _answering():
            try:
                if (await obstore.head_async(self._store, key))["last_modified"] > before:
                    return False
                await obstore.delete_async(self._store, key)
            except FileNotFoundError:
                return True
        return True


@contextmanager
def _answering() -> Iterator[None]:
    """Raises Unavailable for every way in which a store fails."""
    try:
        yield
    except (BaseError, OSError) as exc:
        raise Unavailable("The storage of released files does not answer.") from exc


def _private(*folders: Path) -> None:
    """Folders that only the service's own user may enter, whatever the umask (F28)."""
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o777 != _OWN_FOLDER:
            folder.chmod(_OWN_FOLDER)


def _sync(*paths: Path) -> None:
    for path in paths:
        opened = os.open(path, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _sweep(folder: Path, old: float) -> int:
    """By the file system: the store does not list what it had begun to write when it was killed."""
    left = [file for file in folder.glob("*") if file.stat().st_mtime < old]
    for file in left:
        file.unlink(missing_ok=True)
    return len(left)
