"""Creating releases, uploading files, telling of events: byte for byte what Airlock relies on."""

import re
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request, Response
from kit import clock
from kit.app import CurrentActor
from kit.errors import Conflict, Invalid, NotFound, TooLarge
from kit.github import is_repository
from kit.identity import Actor, backend_refusal
from kit.words import UPDATE, cut
from messaging.runtime import Begin, Data
from starlette.requests import ClientDisconnect

from releases import body, drf, policies, queries
from releases.actions import create, events, upload
from releases.api.deps import AskedOwners, Bytes, Config
from releases.models import Release
from releases.names import filename, is_release_id, new_ulid
from releases.validation import check_create

router = APIRouter(prefix="/api/v2")
_EVENT_LIMIT = 256 * 1024  # what was said goes on as one message, and the broker has a limit
_TRACE = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@router.post("/releases/workspace/{name}")
async def create_release(
    name: str,
    request: Request,
    actor: CurrentActor,
    begin: Begin,
    data: Data,
    config: Config,
    owners: AskedOwners,
) -> Response:
    known = backend_refusal(actor) is None  # nobody else makes us ask around
    find = owners.project_of_workspace if known else queries.project_of_workspace
    project_id = await find(data, name)
    if project_id is None:
        return drf.no("Workspace")
    if refusal := backend_refusal(actor):
        return drf.detail(403, refusal)
    acting = policies.uploader(actor, project_id)
    if acting is None:
        return drf.detail(403, policies.NOT_GIVEN)
    try:
        sent = await body.read(request)
    except body.Unreadable as exc:
        return drf.detail(400, str(exc))
    try:
        files, faults = check_create(sent, config.release_file_size_limit)
    except Invalid as refused:
        return drf.detail(400, refused.detail)
    if faults:
        return drf.json(faults, 400)
    metadata = dict(sent["metadata"])
    release_id = str(metadata.pop("airlock_id", None) or new_ulid())
    if not is_release_id(release_id):
        return drf.json({"metadata": ["airlock_id is not an id."]}, 400)
    wanted = create.NewRelease(
        release_id=release_id,
        workspace=name,
        project_id=project_id,
        backend=actor.statement.backend or "",
        created_by_id=acting.user_id,
        requested_files=sent["files"],
        metadata=metadata,
        files=files,
    )
    try:
        async with begin() as uow:
            await create.create_release(uow, wanted, now=clock.now())
    except Conflict as conflict:
        return drf.detail(409, conflict.detail)
    url = await queries.release_url(data, config.base_url, project_id, name, release_id)
    return drf.json({"release_id": release_id, "release_url": url}, 201, {"Release-Id": release_id})


@router.post("/releases/release/{release_id}")
async def upload_file(
    release_id: str, request: Request, actor: CurrentActor, begin: Begin, storage: Bytes, config: Config
) -> Response:
    """Checks in the order of A44. Empty files are accepted (chunked, without a length):
    refusing them, as the reference does, would make Airlock try for ever.
    """
    now = clock.now()
    async with begin() as uow:
        release = await uow.session.get(Release, release_id)
        creators = await upload.creators(uow, release_id, now)
    if release is None:
        return drf.no("Release")
    if refusal := backend_refusal(actor):
        return drf.detail(403, refusal)
    acting = policies.uploader(actor, release.project_id) or policies.finisher(actor, creators)
    if acting is None:
        return drf.detail(403, policies.NOT_GIVEN)
    limit = config.release_file_size_limit
    declared = request.headers.get("x-declared-length", "")
    if declared.isdecimal() and int(declared) > limit:
        return _too_large(limit)
    sent = filename(request.headers.get("x-raw-disposition", ""))
    if sent is None:
        return drf.detail(
            400,
            "Missing filename. Request should include a Content-Disposition header"
            " with a filename parameter.",
        )
    try:
        async with begin() as uow:
            file = await upload.find_file(uow, release_id, sent)
    except NotFound as missing:
        return drf.detail(400, missing.detail)
    if release.backend != actor.statement.backend:
        return drf.detail(400, f"Release is from backend {release.backend} not {actor.statement.backend}")
    if file.uploaded_at is not None:
        return _already(sent, release.backend)
    return await _store(request, begin, storage, release, sent, acting.user_id, limit)


async def _store(
    request: Request, begin: Begin, storage: Bytes, release: Release, sent: str, by: int, limit: int
) -> Response:
    try:
        received = await storage.receive(_chunks(request), limit)
    except TooLarge:
        return _too_large(limit)
    except ClientDisconnect:
        return drf.detail(400, "The upload was broken off.")
    kept = False
    try:
        async with begin() as uow:
            upload.check_bytes(await upload.find_waiting(uow, release.id, sent), received)
        await storage.keep(received)
        kept = True
        async with begin() as uow:
            file_id = await upload.record_upload(uow, release.id, sent, received, by=by, now=clock.now())
    except upload.AlreadyUploaded:
        return _already(sent, release.backend)
    except NotFound as missing:  # the list was changed while the bytes were on their way
        return drf.detail(400, missing.detail)
    except upload.OtherBytes:
        return drf.detail(400, f"Contents of {sent} are not those of the file that was reviewed")
    finally:
        if not kept:
            await storage.discard(received)
    base = str(request.app.state.settings.base_url).rstrip("/")
    headers = {"File-Id": file_id, "Location": f"{base}/api/v2/releases/file/{file_id}"}
    return Response(b"", 201, headers)


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        if chunk:
            yield chunk


def _already(sent: str, backend: str) -> Response:
    """The name as it was sent: by it Airlock knows which of its files is done."""
    return drf.detail(400, f"This version of '{sent}' has already been uploaded from backend '{backend}'")


def _too_large(limit: int) -> Response:
    return drf.detail(400, f"File is too large, it must be below {limit / 1024 / 1024:.1f}Mb")


@router.post("/airlock/events/")
async def airlock_event(request: Request, actor: CurrentActor, begin: Begin, owners: AskedOwners) -> Response:
    """Always 201 once authenticated and parsed (A25)."""
    if refusal := backend_refusal(actor):
        return drf.detail(403, refusal)
    try:
        sent = await body.read(request, _EVENT_LIMIT)
    except body.Unreadable as exc:
        return drf.detail(400, str(exc))
    problem = _unfit(sent)
    if problem is None:
        event = _review_event(sent, actor, request)
        problem = await _receive(begin, event)
        if problem in events.unknown(event) and await owners.of_event(
            event.workspace, event.user, event.request_author
        ):
            problem = await _receive(begin, event)
    if problem is not None:
        return drf.json({"status": "error", "message": problem}, 201)
    return drf.json({"status": "ok"}, 201)


async def _receive(begin: Begin, event: events.ReviewEvent) -> str | None:
    async with begin() as uow:
        return await events.receive_event(uow, event)


def _unfit(sent: dict[str, Any]) -> str | None:
    for name in ("event_type", "workspace", "request", "request_author", "user"):
        value = sent.get(name)
        if not isinstance(value, str) or not value or len(value) > 300 or "\0" in value:
            return f"'{name}' is missing or wrong"
    for name in ("org", "repo"):
        if not isinstance(sent.get(name) or "", str):
            return f"'{name}' is wrong"
    org, repo = sent.get("org") or None, sent.get("repo") or None
    if not is_repository(org or "org", repo or "repo"):
        return f"GitHub has no repository '{org}/{repo}'"
    updates = sent.get("updates")
    if updates is not None and not (isinstance(updates, list) and all(isinstance(u, dict) for u in updates)):
        return "'updates' must be a list of objects"
    return None


def _review_event(sent: dict[str, Any], actor: Actor, request: Request) -> events.ReviewEvent:
    trace = request.headers.get("traceparent", "")
    return events.ReviewEvent(
        event_type=sent["event_type"].lower(),
        workspace=sent["workspace"],
        request=sent["request"],
        request_author=sent["request_author"],
        user=sent["user"],
        updates=[_bounded(one) for one in (sent.get("updates") or [])[:_UPDATES]],
        org=sent.get("org") or None,
        repo=sent.get("repo") or None,
        backend=actor.statement.backend or "",
        traceparent=trace if _TRACE.fullmatch(trace) else None,
        body=sent,
    )


_UPDATES = 500  # of one event, and bytes of a word in one (A31)


def _bounded(update: dict[str, Any]) -> dict[str, Any]:
    """Only what is told of it (A31)."""
    known = {name: update[name] for name in ("update", "update_type", "group", "user") if name in update}
    return {name: cut(str(value), UPDATE) for name, value in known.items() if value is not None}
