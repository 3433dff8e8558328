"""One file's bytes arrive: durable first, then said to be there (architecture §6.7)."""

from datetime import datetime
from typing import Any

from contracts.releases import FileUploaded, ReleaseCompleted
from kit.errors import Conflict, NotFound
from messaging.uow import UnitOfWork
from sqlalchemy import func, select

from releases.models import Release, ReleaseFile
from releases.storage import Received


class AlreadyUploaded(Conflict):
    """Airlock takes this for success, by the words of the answer."""


class OtherBytes(Conflict):
    """These are not the bytes that were reviewed."""


def check_bytes(file: ReleaseFile, received: Received) -> None:
    """Raises OtherBytes."""
    if (file.sha256, file.size) != (received.sha256, received.size):
        raise OtherBytes(file.name)


async def find_file(uow: UnitOfWork, release_id: str, name: str) -> ReleaseFile:
    """Raises NotFound."""
    query = select(ReleaseFile).where(ReleaseFile.release_id == release_id, ReleaseFile.name == name)
    found = await uow.session.scalar(query)
    if found is None:
        raise NotFound(f"File {name} not requested in release {release_id}")
    return found


async def find_waiting(uow: UnitOfWork, release_id: str, name: str) -> ReleaseFile:
    """The file of that name that has not arrived. Raises NotFound, AlreadyUploaded."""
    found = await find_file(uow, release_id, name)
    if found.uploaded_at is not None:
        raise AlreadyUploaded(name)
    return found


async def record_upload(
    uow: UnitOfWork, release_id: str, name: str, received: Received, *, by: int, now: datetime
) -> str:
    """The file's id. Raises AlreadyUploaded, OtherBytes; of two uploads at once one wins."""
    release = await uow.session.get_one(Release, release_id, with_for_update=True)
    file = await find_waiting(uow, release_id, name)
    check_bytes(file, received)
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
