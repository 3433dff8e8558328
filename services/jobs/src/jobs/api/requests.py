"""Job requests, jobs and lists of them: public, as the reference's are (J48)."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from kit import clock
from kit.app import CurrentActor, as_json
from kit.errors import NotFound
from kit.paging import PAGE, After, Before, Limit
from messaging.runtime import Data
from messaging.uow import Uow
from pydantic import AwareDatetime, BaseModel, Field

from jobs import event_log, names, policies, queries
from jobs.actions.cancel import cancel_job_request
from jobs.api.deps import AskedOwners

router = APIRouter()
Word = Annotated[str | None, Query(max_length=255)]


class CancelIn(BaseModel):
    actions: list[str] | None = Field(default=None, max_length=4000)


class ActivityIn(BaseModel):
    workspaces: list[str] = Field(max_length=500)


@router.get("/job-requests")
async def job_requests(
    data: Data,
    state: Word = None,
    backend: Word = None,
    org: Word = None,
    project: Word = None,
    workspace: Word = None,
    person: Word = None,
    since: Word = None,
    until: Word = None,
    q: Annotated[str | None, Query(max_length=100)] = None,
    of: Word = None,
    before: Before = None,
    after: After = None,
    limit: Limit = PAGE,
) -> Response:
    by = event_log.Filter(state, backend, org, project, workspace, person, since, until, q, of)
    return as_json(await event_log.page(data, by, before, after, limit))


@router.get("/choices")
async def choices(data: Data) -> Response:
    return as_json(await names.choices(data))


@router.get("/choices/{kind}")
async def find_choices(
    kind: str, data: Data, q: Annotated[str, Query(min_length=1, max_length=100)]
) -> Response:
    return as_json(await names.find(data, kind, q))


@router.get("/job-requests/{request_id}")
async def job_request(request_id: int, data: Data, actor: CurrentActor, owners: AskedOwners) -> Response:
    metrics = actor.is_service or bool(actor.user and (actor.user.roles or actor.user.projects))
    detail = policies.is_staff(actor)

    async def read() -> str | None:
        return await queries.job_request(data, request_id, metrics=metrics, detail=detail)

    found = await owners.shown(data, request_id, read)
    if found is None:
        raise NotFound("There is no such job request.")
    return as_json(found)


@router.get("/job-requests/{request_id}/definition")
async def definition(request_id: int, data: Data) -> Response:
    found = await queries.definition(data, request_id)
    if found is None:
        raise NotFound("There is no such job request.")
    return Response(found, media_type="text/plain; charset=utf-8")


@router.post("/job-requests/{request_id}/cancellation", status_code=202)
async def cancel(request_id: int, body: CancelIn, actor: CurrentActor, uow: Uow) -> dict[str, list[str]]:
    actions = None if body.actions is None else set(body.actions)
    return {"actions": await cancel_job_request(uow, actor, request_id, actions, now=clock.now())}


@router.get("/workspaces/{name}/jobs")
async def workspace_jobs(name: str, data: Data) -> Response:
    return as_json(await queries.workspace_jobs(data, name))


@router.post("/last-activity")
async def last_activity(body: ActivityIn, data: Data) -> Response:
    return as_json(await queries.last_activity(data, body.workspaces))


@router.get("/home")
async def home(actor: CurrentActor, data: Data, since: AwareDatetime | None = None) -> Response:
    return as_json(await queries.home(data, actor.user_id, since or clock.now()))


@router.get("/backends")
async def backends(data: Data) -> Response:
    return as_json(await queries.backends(data, None))


@router.get("/job-refs")
async def job_ref(
    data: Data,
    owners: AskedOwners,
    identifier: Annotated[str, Query(min_length=1, max_length=64, pattern=r"^[a-z0-9]+$")],
) -> Response:
    async def read() -> str | None:
        return await queries.job_ref(data, identifier)

    found = await owners.shown(data, await owners.of_job(data, identifier), read)
    if found is None:
        raise NotFound("There is no such job.")
    return as_json(found)


@router.get("/search")
async def search(data: Data, q: Annotated[str, Query(min_length=1, max_length=100)]) -> Response:
    return as_json(await queries.search(data, q))


_ALL = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@router.api_route("/api/v2/job-requests/", methods=_ALL, include_in_schema=False)
@router.api_route("/api/v2/jobs/", methods=_ALL, include_in_schema=False)
async def gone(request: Request) -> Response:
    """The controller no longer pulls or pushes (J56)."""
    body = f'{{"detail":"{request.url.path} has been withdrawn; nothing needs it any more."}}'
    return Response(body, 410, media_type="application/json")
