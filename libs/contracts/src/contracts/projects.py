"""What the projects service tells the others."""

from typing import ClassVar

from contracts.base import Event, State


class ProjectState(State, frozen=True, kw_only=True):
    thing: ClassVar[str] = "projects.project"

    slug: str
    name: str
    number: str | None = None
    status: str = "ongoing"
    copilot_id: int | None = None
    org_ids: list[int] = []  # the lead first


class WorkspaceState(State, frozen=True, kw_only=True):
    thing: ClassVar[str] = "projects.workspace"

    name: str
    project_id: int
    repo_url: str
    branch: str
    is_archived: bool = False
    should_notify: bool = False
    created_by_id: int | None = None


class ProjectCreated(Event, frozen=True, kw_only=True):
    subject: ClassVar[str] = "projects.project.created.v1"

    project_id: int
    slug: str
    by: str


class WorkspaceCreated(Event, frozen=True, kw_only=True):
    subject: ClassVar[str] = "projects.workspace.created.v1"

    workspace_id: int
    name: str
    project_id: int
    by: str


FACTS: tuple[type[Event], ...] = (ProjectCreated, WorkspaceCreated)
STATES: tuple[type[State], ...] = (ProjectState, WorkspaceState)
