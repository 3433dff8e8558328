"""One file's bytes arrive: durable first, then said to be there (architecture §6.7)."""

from datetime import datetime
from typing import Any

from contracts.releases import FileUploaded, ReleaseCompleted
from kit.errors import Conflict, NotFound
from messaging.uow import UnitOfWork
from sqlalchemy import func, select

from releases.models import Release, ReleaseFile


class AlreadyUploaded(Conflict):
    """Airlock takes this for success, by the words of the answer."""


class OtherBytes(Conflict):
    """These are not the bytes that were reviewed."""


async def find_waiting(uow: UnitOfWork, release_id: str, name: str) -> ReleaseFile:
    """The file of that name that has not arrived. Raises NotFound, AlreadyUploaded."""
    query = (
        select(ReleaseFile)
        .where(ReleaseFile.release_id == release_id, ReleaseFile.name == name)
        .order_by(ReleaseFile.uploaded_at.is_not(None), ReleaseFile.id)
        .limit(1)
    )
    found = await uow.session.scalar(query)
    if found is None:
        raise NotFound(f"File {name} not requested in release {release_id}")
    if found.uploaded_at is not None:
        raise AlreadyUploaded(name)
    return found


async def record_upload(
    uow: UnitOfWork, release_id: str, name: str, sha256: str, *, by: int, now: datetime
) -> str:
    """The file's id. Raises AlreadyUploaded, OtherBytes; of two uploads at once one wins."""
    release = await uow.session.get_one(Release, release_id, with_for_update=True)
    file = await find_waiting(uow, release_id, name)
    if file.sha256 != sha256:
        raise OtherBytes(name)
    file.uploaded_at, file.uploaded_by_id = now, by
    await uow.session.flush()
    of: dict[str, Any] = {
        "release_id": release.id,
        "workspace": release.workspace,
        "project_id": release.project_id,
        "backend": release.backend,
    }
    uow.publish(FileUploaded(file_id=file.id, name=file.name, **of))
    waiting = select(func.count()).where(
        ReleaseFile.release_id == release_id, ReleaseFile.uploaded_at.is_(None)
    )
    if not await uow.session.scalar(waiting):
        release.completed_at = now
        uow.publish(ReleaseCompleted(**of))
    return file.id
