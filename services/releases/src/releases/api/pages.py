"""What the gateway's pages ask."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from kit.app import CurrentActor, as_json
from kit.errors import NotFound
from messaging.runtime import Begin, Data
from sqlalchemy import func, or_, select

from releases import archive, content, policies, queries
from releases.api.deps import AskedOwners, Bytes, Config
from releases.models import KnownUser, Release, ReleaseFile

router = APIRouter()
_EVER_HERE = or_(ReleaseFile.withdrawn_at.is_(None), ReleaseFile.uploaded_at.is_not(None))


@router.get("/workspaces/{name}/releases")
async def of_workspace(name: str, actor: CurrentActor, data: Data, owners: AskedOwners) -> Response:
    async def read() -> str | None:
        return await queries.of_workspace(data, name, policies.visible(actor))

    found = await owners.shown(name, read)
    if found is None:
        raise NotFound("There is no such workspace.")
    return as_json(found)


@router.get("/releases")
async def recent(
    actor: CurrentActor, data: Data, q: Annotated[str | None, Query(min_length=1, max_length=100)] = None
) -> Response:
    """The newest that the caller may look into, or those that a text names."""
    visible = policies.visible(actor)
    if q is None:
        return as_json(await queries.recent(data, visible))
    return as_json(await queries.search(data, visible, q))


@router.get("/releases/{release_id}")
async def release(release_id: str, actor: CurrentActor, data: Data, owners: AskedOwners) -> Response:
    found = await queries.project_of_release(data, release_id)
    if found is None:
        raise NotFound("There is no such release.")
    policies.check_view(actor, found[0])

    async def read() -> str | None:
        return await queries.release(data, release_id)

    shown = await owners.shown(found[1], read)
    if shown is None:
        raise NotFound("There is no such release.")
    return as_json(shown)


@router.get("/files/{file_id}/content")
async def file_content(
    file_id: str,
    actor: CurrentActor,
    begin: Begin,
    storage: Bytes,
    download: bool = False,
    scripts: bool = False,
    start: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    length: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """`start` and `length` choose some of the bytes, for a page that shows a part."""
    async with begin() as uow:
        file = await uow.session.get(ReleaseFile, file_id)
        if file is None:
            raise NotFound("There is no such file.")
        release = await uow.session.get_one(Release, file.release_id)
    policies.check_view(actor, release.project_id, "file")
    if not file.is_here:
        raise NotFound("The bytes of this file are not here.")
    headers: dict[str, Any] = content.headers(file.name, file.created_at, download=download, scripts=scripts)
    end = file.size if length is None else min(file.size, start + length)
    if start >= end:  # a store refuses to give nothing
        return Response(b"", headers=headers)
    part = None if (start, end) == (0, file.size) else (start, end)
    return StreamingResponse(await storage.read(file.sha256, part), headers=headers)


@router.get("/releases/{release_id}/archive")
async def release_archive(
    release_id: str, actor: CurrentActor, begin: Begin, storage: Bytes, data: Data, config: Config
) -> Response:
    """All files as one zip, made while it is sent."""
    async with begin() as uow:
        found = await uow.session.get(Release, release_id)
        if found is None:
            raise NotFound("There is no such release.")
        query = (
            select(ReleaseFile, KnownUser.fullname)
            .outerjoin(
                KnownUser,
                KnownUser.id == func.coalesce(ReleaseFile.withdrawn_by_id, ReleaseFile.deleted_by_id),
            )
            .where(ReleaseFile.release_id == release_id, _EVER_HERE)
            .order_by(ReleaseFile.name)
        )
        files = [(file, fullname) for file, fullname in await uow.session.execute(query)]
    policies.check_view(actor, found.project_id)
    if not files:
        raise NotFound("There is no such release.")
    url = await queries.release_url(data, config.base_url, found.project_id, found.workspace, release_id)
    return StreamingResponse(
        archive.stream(storage, files, url, ended=await queries.has_ended(data, release_id)),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="release-{release_id}.zip"'},
    )
