"""A zip that is written while it is read: no copy of it in memory or on disk."""

import io
import zipfile
from collections.abc import AsyncIterator, Sequence

from releases.models import ReleaseFile
from releases.storage import Storage

NOT_INCLUDED = "NOT-INCLUDED.txt"
_HEADING = ("These files of the release are not in this archive:", "")
_TIME = "%Y-%m-%d %H:%M UTC"


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
    storage: Storage, files: Sequence[tuple[ReleaseFile, str | None]], page: str, *, ended: bool
) -> AsyncIterator[bytes]:
    """Files with the name of who took them away; `page` is the release's URL. Stored uncompressed.
    `ended`: what has not been uploaded never will be.

    Only bytes that were released stand under a file's name (F24).
    """
    sink = _Sink()
    absent = [f"{file.name}: {_why(file, by, ended)}" for file, by in files if not file.is_here]
    taken = {file.name for file, _ in files if file.is_here}
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        if absent:
            archive.writestr(_free(NOT_INCLUDED, taken), "\n".join((*_HEADING, *absent, "", page, "")))
            yield sink.take()
        for file, _ in files:
            if file.is_here:
                with archive.open(file.name, "w") as entry:
                    async for chunk in await storage.read(file.sha256):
                        entry.write(chunk)
                        yield sink.take()
                yield sink.take()
    yield sink.take()


def _free(name: str, taken: set[str]) -> str:
    """Somebody may have released a file of that very name."""
    while name in taken:
        name = f"_{name}"
    return name


def _why(file: ReleaseFile, by: str | None, ended: bool) -> str:
    who = by or "somebody"
    if file.withdrawn_at is not None:
        return f"withdrawn by {who} on {file.withdrawn_at:{_TIME}}: it is not in the approved list any more"
    if file.deleted_at is not None:
        return f"redacted by {who} on {file.deleted_at:{_TIME}}"
    return "not released: the request was withdrawn or rejected" if ended else "not uploaded yet"
