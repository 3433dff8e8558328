"""What notifications keeps of others."""

from contracts.identity import OrgState, UserState
from contracts.projects import ProjectState, WorkspaceState
from messaging.replicas import Replica

from notifications.models import KnownOrg, KnownProject, KnownUser, KnownWorkspace

USERS = Replica(UserState, KnownUser.__table__, ("username", "fullname", "org_ids"))  # type: ignore[arg-type]
ORGS = Replica(OrgState, KnownOrg.__table__, ("slug", "name"))  # type: ignore[arg-type]
PROJECTS = Replica(ProjectState, KnownProject.__table__, ("slug", "name", "org_ids"))  # type: ignore[arg-type]
WORKSPACES = Replica(
    WorkspaceState,
    KnownWorkspace.__table__,  # type: ignore[arg-type]
    ("name", "project_id", "repo_url"),
)
REPLICAS = (USERS, ORGS, PROJECTS, WORKSPACES)
