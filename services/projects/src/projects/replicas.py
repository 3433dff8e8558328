"""What projects keeps of others."""

from contracts.identity import OrgState, UserState
from messaging.replicas import Replica

from projects.models import KnownOrg, KnownUser

USERS = Replica(UserState, KnownUser.__table__, ("username", "fullname"))  # type: ignore[arg-type]
ORGS = Replica(OrgState, KnownOrg.__table__, ("slug", "name", "github_orgs"))  # type: ignore[arg-type]
REPLICAS = (USERS, ORGS)
