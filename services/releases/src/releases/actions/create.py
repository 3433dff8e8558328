"""Creating a release: the id is Airlock's, so every repeat is recognised (spec/releases.md §2.4)."""

from datetime import datetime
from typing import Any, cast

import msgspec
from contracts.releases import ReleaseCompleted, ReleaseCreated
from kit.errors import Conflict
from messaging.uow import UnitOfWork
from sqlalchemy import Table, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from releases.models import Release, ReleaseFile
from releases.names import new_ulid


class WantedFile(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    sha256: str
    size: int
    mtime: datetime
    metadata: dict[str, Any]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    release_id: str
    workspace: str
    project_id: int
    backend: str
    created_by_id: int
    requested_files: list[Any]
    metadata: dict[str, Any]
    files: list[WantedFile]


async def create_release(uow: UnitOfWork, wanted: Wanted) -> None:
    """Nothing happens for the same release again. Raises Conflict when that id is another release."""
    row = {
        "id": wanted.release_id,
        "workspace": wanted.workspace,
        "project_id": wanted.project_id,
        "backend": wanted.backend,
        "requested_files": wanted.requested_files,
        "metadata": wanted.metadata,
        "created_by_id": wanted.created_by_id,
    }
    table = cast(Table, Release.__table__)
    statement = upsert(table).values(row).on_conflict_do_nothing(index_elements=["id"])
    made = await uow.session.execute(statement.returning(table.c.id))
    if made.first() is None:
        return await _check_same(uow, wanted)
    if wanted.files:
        files = [_file(wanted, file) for file in wanted.files]
        await uow.session.execute(insert(cast(Table, ReleaseFile.__table__)), files)
    uow.publish(
        ReleaseCreated(
            release_id=wanted.release_id,
            workspace=wanted.workspace,
            project_id=wanted.project_id,
            backend=wanted.backend,
            created_by_id=wanted.created_by_id,
            file_count=len(wanted.files),
        )
    )
    if not wanted.files:
        uow.publish(
            ReleaseCompleted(
                release_id=wanted.release_id,
                workspace=wanted.workspace,
                project_id=wanted.project_id,
                backend=wanted.backend,
            )
        )


def _file(wanted: Wanted, file: WantedFile) -> dict[str, Any]:
    return {
        "id": new_ulid(),
        "release_id": wanted.release_id,
        "workspace": wanted.workspace,
        "name": file.name,
        "sha256": file.sha256,
        "size": file.size,
        "mtime": file.mtime,
        "metadata": file.metadata,
        "created_by_id": wanted.created_by_id,
    }


async def _check_same(uow: UnitOfWork, wanted: Wanted) -> None:
    release = await uow.session.get_one(Release, wanted.release_id)
    if (release.workspace, release.backend) != (wanted.workspace, wanted.backend):
        raise Conflict(f"Release {wanted.release_id} belongs to another workspace or backend.")
    hashes = set(
        await uow.session.scalars(
            select(ReleaseFile.sha256).where(ReleaseFile.release_id == wanted.release_id)
        )
    )
    if hashes != {file.sha256 for file in wanted.files}:
        raise Conflict(f"Release {wanted.release_id} was created with other files.")
