"""What may be asked of releases; the Airlock calls themselves are proxied, not asked (contracts.routes)."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from clients.base import ServiceClient, query
from clients.jobs import BackendRef, Person, WorkspaceRef


class FileRow(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is None for callers who may not see file names (then only counts are shown)."""

    id: str
    name: str
    size: int
    sha256: str
    mtime: datetime
    uploaded_at: datetime | None
    deleted_at: datetime | None
    deleted_by: str | None


class ReleaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """`number` counts the releases of the workspace from 1. Counts are None without `release_file_view`."""

    id: str
    number: int
    workspace: str
    backend: BackendRef
    created_by: Person
    created_at: datetime
    file_count: int | None
    uploaded_count: int | None
    total_size: int | None = None
    project_slug: str = ""  # where releases of several workspaces stand together


class Release(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    number: int
    workspace: WorkspaceRef
    backend: BackendRef
    created_by: Person
    created_at: datetime
    completed_at: datetime | None = None
    metadata: dict[str, Any]
    files: list[FileRow]
    reviewers: list[Person] = []  # of the round that was approved (F3)


class ReleasesClient(ServiceClient):
    async def of_workspace(self, workspace: str) -> list[ReleaseRow]:
        """The newest first; everybody may see that there are releases."""
        return await self._get(f"/workspaces/{quote(workspace, safe='')}/releases", list[ReleaseRow])

    async def recent(self) -> list[ReleaseRow]:
        """The eight newest with files that the caller may see."""
        return await self._get("/releases", list[ReleaseRow])

    async def search(self, text: str) -> list[ReleaseRow]:
        """Of those, the ones that a text names: the beginning of an id, or part of a workspace."""
        return await self._get("/releases", list[ReleaseRow], query(q=text))

    async def release(self, release_id: str) -> Release:
        """Raises NotFound without `release_file_view` on its project."""
        return await self._get(f"/releases/{quote(release_id, safe='')}", Release)

    # Bytes are streamed by the gateway from GET /files/<id>/content and GET /releases/<id>/archive.
