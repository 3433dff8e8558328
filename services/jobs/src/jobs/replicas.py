"""What jobs keeps of others."""

from contracts.identity import BackendState, OrgState, UserState
from contracts.projects import ProjectState, WorkspaceState
from messaging.replicas import Replica

from jobs.models import KnownBackend, KnownOrg, KnownProject, KnownUser, KnownWorkspace

USERS = Replica(UserState, KnownUser.__table__, ("username", "fullname"))  # type: ignore[arg-type]
ORGS = Replica(OrgState, KnownOrg.__table__, ("slug", "name"))  # type: ignore[arg-type]
BACKENDS = Replica(
    BackendState,
    KnownBackend.__table__,  # type: ignore[arg-type]
    ("slug", "name", "is_active", "alert_timeout_seconds"),
)
PROJECTS = Replica(ProjectState, KnownProject.__table__, ("slug", "name", "number", "org_ids"))  # type: ignore[arg-type]
WORKSPACES = Replica(
    WorkspaceState,
    KnownWorkspace.__table__,  # type: ignore[arg-type]
    ("name", "project_id", "repo_url", "branch", "is_archived", "should_notify"),
)
REPLICAS = (USERS, ORGS, BACKENDS, PROJECTS, WORKSPACES)
