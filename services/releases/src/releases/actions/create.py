"""Creating a release: the id is Airlock's, so every repeat is recognised (A33 to A38)."""

from datetime import datetime
from typing import Any, cast

import msgspec
from contracts.releases import ReleaseCompleted, ReleaseCreated, ReleaseRelisted
from kit.errors import Conflict
from messaging.uow import UnitOfWork
from sqlalchemy import Table, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from releases.models import Release, ReleaseCreator, ReleaseFile
from releases.names import new_ulid


class NewFile(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    sha256: str
    size: int
    mtime: datetime
    metadata: dict[str, Any]


class NewRelease(msgspec.Struct, frozen=True, kw_only=True):
    release_id: str
    workspace: str
    project_id: int
    backend: str
    created_by_id: int
    requested_files: list[Any]
    metadata: dict[str, Any]
    files: list[NewFile]


async def create_release(uow: UnitOfWork, wanted: NewRelease, *, now: datetime) -> None:
    """Nothing happens for the same list again; while files are missing, another list takes its place.

    Raises Conflict when that id is another release, or a complete one of other files (ADR 11).
    """
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
        await _repeat(uow, wanted, now)
    else:
        await _add(uow, wanted, wanted.files)
        uow.publish(
            ReleaseCreated(**_of(wanted), created_by_id=wanted.created_by_id, file_count=len(wanted.files))
        )
        if not wanted.files:
            await _complete(uow, wanted, now)
    creator = {"release_id": wanted.release_id, "user_id": wanted.created_by_id, "at": now}
    sent = upsert(ReleaseCreator).values(creator)
    await uow.session.execute(sent.on_conflict_do_update(constraint="pk_release_creators", set_={"at": now}))


def _of(wanted: NewRelease) -> dict[str, Any]:
    return {
        "release_id": wanted.release_id,
        "workspace": wanted.workspace,
        "project_id": wanted.project_id,
        "backend": wanted.backend,
    }


async def _add(uow: UnitOfWork, wanted: NewRelease, files: list[NewFile]) -> None:
    if files:
        rows = [_file(wanted, file) for file in files]
        await uow.session.execute(insert(cast(Table, ReleaseFile.__table__)), rows)


async def _complete(uow: UnitOfWork, wanted: NewRelease, now: datetime) -> None:
    await uow.session.execute(update(Release).where(Release.id == wanted.release_id).values(completed_at=now))
    uow.publish(ReleaseCompleted(**_of(wanted)))


def _file(wanted: NewRelease, file: NewFile) -> dict[str, Any]:
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


async def _repeat(uow: UnitOfWork, wanted: NewRelease, now: datetime) -> None:
    """The lock orders it with uploads: a file arrives before the list changes, or is not listed any more."""
    release = await uow.session.get_one(Release, wanted.release_id, with_for_update=True)
    if (release.workspace, release.backend) != (wanted.workspace, wanted.backend):
        raise Conflict(f"Release {wanted.release_id} belongs to another workspace or backend.")
    listed = {
        (file.name, file.sha256): file
        for file in await uow.session.scalars(
            select(ReleaseFile).where(
                ReleaseFile.release_id == wanted.release_id, ReleaseFile.withdrawn_at.is_(None)
            )
        )
    }
    now_wanted = {(file.name, file.sha256): file for file in wanted.files}
    if listed.keys() == now_wanted.keys():
        return
    if release.completed_at is not None:
        raise Conflict(
            f"Release {wanted.release_id} is complete: its files are those that were approved then."
            " Other files need a new release request."
        )
    gone = [file for key, file in listed.items() if key not in now_wanted]
    for file in gone:
        file.withdrawn_at, file.withdrawn_by_id = now, wanted.created_by_id
    release.requested_files, release.meta = wanted.requested_files, wanted.metadata
    await uow.session.flush()  # the old names are free before they are taken again
    await _add(uow, wanted, [file for key, file in now_wanted.items() if key not in listed])
    uow.publish(
        ReleaseRelisted(
            **_of(wanted),
            by_id=wanted.created_by_id,
            file_count=len(wanted.files),
            withdrawn_count=sum(file.uploaded_at is not None for file in gone),
        )
    )
    if all(key in listed and listed[key].uploaded_at for key in now_wanted):
        await _complete(uow, wanted, now)
