"""The public API's reads (F12 to F17)."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from kit.app import CurrentActor, as_json
from messaging.runtime import Begin, Data

from releases import content, drf, policies, queries
from releases.api.deps import AskedOwners, Bytes
from releases.models import Release, ReleaseFile
from releases.storage import blob_key

router = APIRouter(prefix="/api/v2/releases")


@router.get("/workspace/{name}")
async def workspace_files(name: str, actor: CurrentActor, data: Data, owners: AskedOwners) -> Response:
    project_id = await owners.project_of_workspace(data, name)
    if project_id is None:
        return drf.no("Workspace")
    if refusal := policies.reading_refusal(actor, project_id, name):
        return drf.detail(403, refusal)
    return as_json(await queries.latest_index(data, name))


@router.get("/release/{release_id}")
async def release_files(release_id: str, actor: CurrentActor, data: Data) -> Response:
    found = await queries.project_of_release(data, release_id)
    if found is None:
        return drf.no("Release")
    if refusal := policies.reading_refusal(actor, *found):
        return drf.detail(403, refusal)
    return as_json(await queries.release_index(data, release_id))


@router.get("/file/{file_id}")
async def file(file_id: str, request: Request, actor: CurrentActor, begin: Begin, storage: Bytes) -> Response:
    """With `Releases-Redirect` (the gateway lets it in when nginx serves the files): where the bytes are."""
    async with begin() as uow:
        found = await uow.session.get(ReleaseFile, file_id)
        if found is None or found.deleted_at is not None or found.withdrawn_at is not None:
            return drf.no("ReleaseFile")
        release = await uow.session.get_one(Release, found.release_id)
    if refusal := policies.reading_refusal(actor, release.project_id, release.workspace):
        return drf.detail(403, refusal)
    if found.uploaded_at is None:
        return drf.json("File not yet uploaded")
    headers = content.headers(found.name, found.created_at, download=False, scripts=False)
    if place := request.headers.get("releases-redirect"):
        headers["X-Accel-Redirect"] = f"{place.rstrip('/')}/{blob_key(found.sha256)}"
        return Response(b"", headers=headers)
    return StreamingResponse(await storage.read(found.sha256), headers=headers)
