"""Facts of others become deliveries; sending is the dispatcher's business."""

from contracts.identity import (
    IdentityStaffTold,
    LoginTokenIssued,
    LoginTokenUsed,
    OrgState,
    UserRegistered,
    UserState,
)
from contracts.jobs import JobRequestFinished, JobsStaffTold
from contracts.projects import ProjectState, WorkspaceState
from contracts.releases import AirlockEventReceived
from messaging.consumer import Subscription
from messaging.replicas import Replica, subscription

from notifications.actions import accounts, airlock, runs, staff
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


SUBSCRIPTIONS = [
    subscription("notifications", REPLICAS),
    Subscription(
        "notifications-jobs",
        "JOBS",
        handlers={JobsStaffTold: staff.tell_staff},
        batches={JobRequestFinished: runs.tell_of_finished},
    ),
    Subscription(
        "notifications-releases", "RELEASES", handlers={AirlockEventReceived: airlock.tell_of_event}
    ),
    Subscription(
        "notifications-identity",
        "IDENTITY",
        handlers={
            IdentityStaffTold: staff.tell_staff,
            UserRegistered: accounts.tell_of_registration,
            LoginTokenIssued: accounts.tell_of_login_token,
            LoginTokenUsed: accounts.tell_of_login_token,
        },
    ),
]
