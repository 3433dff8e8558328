"""A zip that is written while it is read: no copy of it in memory or on disk."""

import io
import zipfile
from collections.abc import AsyncIterator, Sequence

from releases.models import ReleaseFile
from releases.storage import Storage


class _Sink(io.RawIOBase):
    """Keeps what zipfile wrote until it is taken away; cannot seek, so sizes follow the data."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


async def stream(storage: Storage, files: Sequence[ReleaseFile]) -> AsyncIterator[bytes]:
    """Stored uncompressed; a redacted or missing file becomes a line of text that says so."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for file in files:
            if file.deleted_at is not None or file.uploaded_at is None:
                state = "was redacted" if file.deleted_at is not None else "has not been uploaded yet"
                archive.writestr(f"{file.name}.txt", f"This file {state}.\n")
            else:
                with archive.open(file.name, "w") as entry:
                    async for chunk in await storage.read(file.sha256):
                        entry.write(chunk)
                        yield sink.take()
            yield sink.take()
    yield sink.take()
