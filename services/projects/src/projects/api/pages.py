"""Projects and workspaces as pages ask for them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from kit.app import CurrentActor, as_json
from kit.errors import Invalid
from kit.identity import Actor
from kit.paging import PAGE, Limit
from messaging.runtime import Data
from messaging.uow import Uow
from pydantic import BaseModel

from projects import policies, queries
from projects.actions import workspaces

router = APIRouter()


Page = Annotated[int, Query(ge=1, le=10_000)]
Text = Annotated[str, Query(max_length=100)]


class WorkspaceChange(BaseModel):
    should_notify: bool | None = None
    is_archived: bool | None = None


def _mine(actor: Actor, mine: bool) -> list[int] | None:
    """The ids of the caller's projects, or None for everybody's."""
    if not mine:
        return None
    return list(actor.user.memberships) if actor.user else []


@router.get("/projects")
async def projects(
    actor: CurrentActor,
    data: Data,
    mine: bool = False,
    page: Page = 1,
    limit: Limit = PAGE,
    q: Text = "",
    org: Text = "",
    sort: Literal["name", "number", "newest"] = "name",
) -> Response:
    by = queries.ProjectFilter(_mine(actor, mine), q, org, sort)
    return as_json(await queries.projects(data, by, page, limit))


@router.get("/projects/{slug}")
async def project(slug: str, actor: CurrentActor, data: Data) -> Response:
    return as_json(await queries.project(data, slug, archived=policies.sees_archived(actor)))


@router.get("/workspaces")
async def workspace_list(
    actor: CurrentActor,
    data: Data,
    mine: bool = False,
    page: Page = 1,
    limit: Limit = PAGE,
    q: Text = "",
    archived: bool | None = None,
    sort: Literal["name", "newest"] = "name",
) -> Response:
    if not policies.sees_archived(actor):
        archived = False
    by = queries.WorkspaceFilter(_mine(actor, mine), q, archived, sort)
    return as_json(await queries.workspaces(data, by, page, limit))


@router.get("/workspaces/{name}")
async def workspace(name: str, actor: CurrentActor, data: Data) -> Response:
    return as_json(await queries.workspace(data, name, archived=policies.sees_archived(actor)))


@router.patch("/workspaces/{name}", status_code=204)
async def change(name: str, body: WorkspaceChange, actor: CurrentActor, uow: Uow) -> None:
    if body.should_notify is None and body.is_archived is None:
        raise Invalid("Nothing to change was named.")
    if body.should_notify is not None:
        await workspaces.set_notifications(uow, actor, name, body.should_notify)
    if body.is_archived is not None:
        await workspaces.set_archived(uow, actor, name, body.is_archived)


@router.get("/search")
async def search(data: Data, q: Annotated[str, Query(min_length=1, max_length=100)]) -> Response:
    return as_json(await queries.search(data, q))
