"""Where released bytes live: by their hash, written whole or not at all (rulings 1.3.7)."""

import hashlib
import secrets
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
from kit.errors import TooLarge, Unavailable
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

_INCOMING = "incoming"
_CHUNK = 1024 * 1024
_ORPHAN = timedelta(hours=6)


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
        if place.startswith("s3://"):
            bucket, _, prefix = place.removeprefix("s3://").partition("/")
            self._store = S3Store(bucket, prefix=prefix or None)
        else:
            Path(place).mkdir(parents=True, exist_ok=True)
            self._store = LocalStore(prefix=Path(place).absolute())

    async def receive(self, body: AsyncIterable[bytes], limit: int) -> Received:
        """Stream to a temporary object while hashing. Raises TooLarge, Unavailable; nothing is left then."""
        key, digest, size = f"{_INCOMING}/{secrets.token_hex(16)}", hashlib.sha256(), 0
        try:
            writer = obstore.open_writer_async(self._store, key)
            async for chunk in body:
                size += len(chunk)
                if size > limit:
                    raise TooLarge("The file is too large.")
                digest.update(chunk)
                await writer.write(chunk)
            await writer.close()  # an object that was not closed never comes to be
        except BaseError as exc:
            raise Unavailable("The storage of released files does not answer.") from exc
        return Received(key, digest.hexdigest(), size)

    async def keep(self, received: Received) -> None:
        """Make it durable under its hash; the same bytes again are the same object."""
        try:
            await obstore.rename_async(self._store, received.key, blob_key(received.sha256), overwrite=True)
        except BaseError as exc:
            raise Unavailable("The storage of released files does not answer.") from exc

    async def discard(self, received: Received) -> None:
        try:
            await obstore.delete_async(self._store, received.key)
        except FileNotFoundError:
            return
        except BaseError as exc:
            raise Unavailable("The storage of released files does not answer.") from exc

    async def read(self, sha256: str) -> AsyncIterator[bytes]:
        """The bytes in chunks. Raises Unavailable before the first one when they cannot be had."""
        try:
            found = await obstore.get_async(self._store, blob_key(sha256))
        except (BaseError, FileNotFoundError) as exc:
            raise Unavailable("The bytes of this file cannot be read just now.") from exc

        async def chunks() -> AsyncIterator[bytes]:
            async for chunk in found.stream(min_chunk_size=_CHUNK):
                yield bytes(chunk)

        return chunks()

    async def ping(self) -> None:
        await obstore.put_async(self._store, f"{_INCOMING}/ready", b"ok")

    async def sweep(self) -> int:
        """Remove temporary objects that nobody finished; how many there were."""
        old = datetime.now(UTC) - _ORPHAN
        keys = [
            str(item["path"])
            async for page in obstore.list(self._store, prefix=_INCOMING)
            for item in page
            if item["last_modified"] < old
        ]
        if keys:
            await obstore.delete_async(self._store, keys)
        return len(keys)
