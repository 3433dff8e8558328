"""What jobs keeps of others."""

from contracts.identity import BackendState, OrgState, UserState
from contracts.projects import ProjectState, WorkspaceState
from messaging.replicas import Replica

from jobs.models import KnownBackend, KnownOrg, KnownProject, KnownUser, KnownWorkspace

USERS = Replica(UserState, KnownUser.__table__)
ORGS = Replica(OrgState, KnownOrg.__table__)
BACKENDS = Replica(BackendState, KnownBackend.__table__)
PROJECTS = Replica(ProjectState, KnownProject.__table__)
WORKSPACES = Replica(WorkspaceState, KnownWorkspace.__table__)
REPLICAS = (USERS, ORGS, BACKENDS, PROJECTS, WORKSPACES)
