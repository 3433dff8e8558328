"""What notifications keeps of others."""

from contracts.identity import OrgState, UserState
from contracts.projects import ProjectState, WorkspaceState
from messaging.replicas import Replica

from notifications.models import KnownOrg, KnownProject, KnownUser, KnownWorkspace

USERS = Replica(UserState, KnownUser.__table__)
ORGS = Replica(OrgState, KnownOrg.__table__)
PROJECTS = Replica(ProjectState, KnownProject.__table__)
WORKSPACES = Replica(WorkspaceState, KnownWorkspace.__table__)
REPLICAS = (USERS, ORGS, PROJECTS, WORKSPACES)
