"""One file's bytes arrive: durable first, then said to be there (A52)."""

from datetime import datetime, timedelta
from typing import Any

from contracts.releases import FileUploaded, ReleaseCompleted
from kit.errors import Conflict, NotFound
from messaging.uow import UnitOfWork
from sqlalchemy import func, select

from releases.models import Release, ReleaseCreator, ReleaseFile
from releases.names import normal
from releases.storage import Received

MAY_FINISH = timedelta(days=7)


class AlreadyUploaded(Conflict):
    """Airlock takes this for success, by the words of the answer."""


class OtherBytes(Conflict):
    """These are not the bytes that were reviewed."""


def check_bytes(file: ReleaseFile, received: Received) -> None:
    """Raises OtherBytes."""
    if (file.sha256, file.size) != (received.sha256, received.size):
        raise OtherBytes(file.name)


async def creators(uow: UnitOfWork, release_id: str, now: datetime) -> set[int]:
    """Who may still finish it (A51)."""
    query = select(ReleaseCreator.user_id).where(
        ReleaseCreator.release_id == release_id, ReleaseCreator.at > now - MAY_FINISH
    )
    return set(await uow.session.scalars(query))


async def find_file(uow: UnitOfWork, release_id: str, sent: str) -> ReleaseFile:
    """By its name as Airlock sent it. Raises NotFound."""
    query = select(ReleaseFile).where(
        ReleaseFile.release_id == release_id,
        ReleaseFile.name == normal(sent),
        ReleaseFile.withdrawn_at.is_(None),
    )
    found = await uow.session.scalar(query)
    if found is None:
        raise NotFound(f"File {sent} not requested in release {release_id}")
    return found


async def find_waiting(uow: UnitOfWork, release_id: str, sent: str) -> ReleaseFile:
    """The file of that name that has not arrived. Raises NotFound, AlreadyUploaded."""
    found = await find_file(uow, release_id, sent)
    if found.uploaded_at is not None:
        raise AlreadyUploaded(sent)
    return found


async def record_upload(
    uow: UnitOfWork, release_id: str, sent: str, received: Received, *, by: int, now: datetime
) -> str:
    """The file's id. Raises NotFound, AlreadyUploaded, OtherBytes; of two uploads at once one wins."""
    release = await uow.session.get_one(Release, release_id, with_for_update=True)
    file = await find_waiting(uow, release_id, sent)
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
        ReleaseFile.release_id == release_id,
        ReleaseFile.uploaded_at.is_(None),
        ReleaseFile.withdrawn_at.is_(None),
    )
    if not await uow.session.scalar(waiting):
        release.completed_at = now
        uow.publish(ReleaseCompleted(**of))
    return file.id
