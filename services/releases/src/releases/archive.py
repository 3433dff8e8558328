"""A zip that is written while it is read: no copy of it in memory or on disk."""

import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from urllib.parse import quote

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


async def stream(
    storage: Storage, files: Sequence[tuple[ReleaseFile, str | None]], page: str
) -> AsyncIterator[bytes]:
    """Files with the name of who redacted them; `page` is the release's URL. Stored uncompressed.

    A redacted or missing file becomes a text of the same name that says so (spec/releases.md §4).
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for file, deleted_by in files:
            if file.deleted_at is not None or file.uploaded_at is None:
                archive.writestr(file.name, f"{_why(file, deleted_by)}\n\n{page}{quote(file.name)}\n")
            else:
                with archive.open(file.name, "w") as entry:
                    async for chunk in await storage.read(file.sha256):
                        entry.write(chunk)
                        yield sink.take()
            yield sink.take()
    yield sink.take()


def _why(file: ReleaseFile, deleted_by: str | None) -> str:
    if file.deleted_at is None:
        return "This file has not been uploaded yet"
    return f"This file was redacted by {deleted_by or 'somebody'} on {file.deleted_at:%Y-%m-%d %H:%M} UTC"
