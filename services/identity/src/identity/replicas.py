"""What identity keeps of others."""

from contracts.projects import ProjectState
from messaging.replicas import Replica

from identity.models import KnownProject

PROJECTS = Replica(ProjectState, KnownProject.__table__)
REPLICAS = (PROJECTS,)
