"""What releases keeps of others."""

from contracts.identity import BackendState, OrgState, UserState
from contracts.projects import ProjectState, WorkspaceState
from messaging.replicas import Replica

from releases.models import KnownBackend, KnownOrg, KnownProject, KnownUser, KnownWorkspace

USERS = Replica(UserState, KnownUser.__table__, ("username", "fullname"))  # type: ignore[arg-type]
ORGS = Replica(OrgState, KnownOrg.__table__, ("slug", "name"))  # type: ignore[arg-type]
BACKENDS = Replica(BackendState, KnownBackend.__table__, ("slug", "name"))  # type: ignore[arg-type]
PROJECTS = Replica(
    ProjectState,
    KnownProject.__table__,  # type: ignore[arg-type]
    ("slug", "name", "number", "status", "copilot_id", "org_ids"),
)
WORKSPACES = Replica(
    WorkspaceState,
    KnownWorkspace.__table__,  # type: ignore[arg-type]
    ("name", "project_id", "is_archived"),
)
REPLICAS = (USERS, ORGS, BACKENDS, PROJECTS, WORKSPACES)
