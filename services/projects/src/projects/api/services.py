"""What other services and scripts ask."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from kit.app import CurrentActor
from kit.errors import NotFound
from messaging.uow import Uow
from sqlalchemy import select

from projects.models import Project, Workspace
from projects.scope import Permissions

router = APIRouter()


@router.get("/projects/{project_id}/analysis-scope")
async def analysis_scope(
    project_id: int, request: Request, actor: CurrentActor, uow: Uow
) -> dict[str, list[str]]:
    """Asked by jobs at the moment of sending, so that a withdrawal counts at once (P17)."""
    actor.check_service("jobs")
    found = await uow.session.get(Project, project_id)
    if found is None:
        raise NotFound("There is no such project.")
    permissions: Permissions = request.app.state.permissions
    return permissions.scope(found.number, found.slug)


@router.get("/api/v2/workspaces/{name}/status")
async def status(name: str, uow: Uow) -> JSONResponse:
    flag = await uow.session.scalar(select(Workspace.uses_new_release_flow).where(Workspace.name == name))
    if flag is None:
        return JSONResponse({"detail": "No Workspace matches the given query."}, 404)
    return JSONResponse({"uses_new_release_flow": flag})
