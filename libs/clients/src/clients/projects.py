"""What may be asked of projects."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from clients.base import ServiceClient, query
from clients.identity import Hit


class OrgName(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    slug: str
    name: str


class Project(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    slug: str
    name: str
    number: str | None
    status: str
    created_at: datetime
    orgs: list[OrgName] = []  # the lead first
    copilot: str | None = None  # full name

    @property
    def title(self) -> str:
        return f"{self.number} - {self.name}" if self.number else self.name


class Workspace(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    name: str
    project_id: int
    repo_url: str
    branch: str
    purpose: str
    is_archived: bool
    should_notify: bool
    created_at: datetime
    created_by: str  # Full Name (username), or "an operator"


class WorkspacePage(msgspec.Struct, frozen=True, kw_only=True):
    workspace: Workspace
    project: Project


class ProjectPage(msgspec.Struct, frozen=True, kw_only=True):
    project: Project
    workspaces: list[Workspace]


class ProjectRow(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    slug: str
    name: str
    number: str | None
    lead_org: str | None
    workspaces: int


class WorkspaceRow(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    name: str
    project_id: int
    project_slug: str
    project_name: str
    repo_url: str
    branch: str
    is_archived: bool
    created_at: datetime


class ProjectList(msgspec.Struct, frozen=True, kw_only=True):
    rows: list[ProjectRow]
    page: int
    pages: int
    total: int


class WorkspaceList(msgspec.Struct, frozen=True, kw_only=True):
    rows: list[WorkspaceRow]
    page: int
    pages: int
    total: int


class ProjectsClient(ServiceClient):
    async def project(self, slug: str) -> ProjectPage:
        """Archived workspaces only for callers with any role. Raises NotFound."""
        return await self._get(f"/projects/{quote(slug, safe='')}", ProjectPage)

    async def workspace(self, name: str) -> WorkspacePage:
        return await self._get(f"/workspaces/{quote(name, safe='')}", WorkspacePage)

    async def projects(
        self,
        *,
        mine: bool,
        page: int = 1,
        q: str = "",
        org: str = "",
        sort: str = "",
        limit: int | None = None,
    ) -> ProjectList:
        """`sort` is name, number or newest; `limit` at most 500."""
        params = query(mine=mine, page=page, q=q, org=org, sort=sort, limit=limit)
        return await self._get("/projects", ProjectList, params)

    async def workspaces(
        self,
        *,
        mine: bool,
        page: int = 1,
        q: str = "",
        archived: str = "",
        sort: str = "",
        limit: int | None = None,
    ) -> WorkspaceList:
        """`archived` is "yes" or "no"; `sort` is name or newest; `limit` at most 500."""
        params = query(mine=mine, page=page, q=q, archived=archived, sort=sort, limit=limit)
        return await self._get("/workspaces", WorkspaceList, params)

    async def set_notifications(self, workspace: str, should_notify: bool) -> None:
        await self._http.patch(
            f"/workspaces/{quote(workspace, safe='')}", json={"should_notify": should_notify}
        )

    async def set_archived(self, workspace: str, is_archived: bool) -> None:
        await self._http.patch(f"/workspaces/{quote(workspace, safe='')}", json={"is_archived": is_archived})

    async def analysis_scope(self, project_id: int) -> dict[str, list[str]]:
        """Restricted data the project may use (P17); asked by jobs at send time."""
        return await self._get(f"/projects/{project_id}/analysis-scope", dict[str, Any])

    async def search(self, text: str) -> list[Hit]:
        return await self._get("/search", list[Hit], query(q=text))
