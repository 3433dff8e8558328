"""What projects keeps of others."""

from contracts.identity import OrgState, UserState
from messaging.replicas import Replica

from projects.models import KnownOrg, KnownUser

USERS = Replica(UserState, KnownUser.__table__)
ORGS = Replica(OrgState, KnownOrg.__table__)
REPLICAS = (USERS, ORGS)
