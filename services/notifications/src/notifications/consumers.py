"""Facts of others become deliveries; sending is the dispatcher's business."""

from collections.abc import Sequence

from contracts.identity import LoginTokenIssued, LoginTokenUsed, OrgState, UserRegistered, UserState
from contracts.jobs import JobRequestFinished
from contracts.projects import ProjectState, WorkspaceState
from contracts.releases import AirlockEventReceived
from messaging.consumer import Subscription
from messaging.replicas import Replica, subscription
from messaging.uow import UnitOfWork

from notifications.actions import accounts, airlock, runs
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


async def requests_finished(uow: UnitOfWork, events: Sequence[JobRequestFinished]) -> None:
    await runs.tell_of_finished(uow, events)


async def airlock_event(uow: UnitOfWork, event: AirlockEventReceived) -> None:
    await airlock.tell_of_event(uow, event)


async def user_registered(uow: UnitOfWork, event: UserRegistered) -> None:
    await accounts.tell_of_registration(uow, event)


async def login_token_issued(uow: UnitOfWork, event: LoginTokenIssued) -> None:
    await accounts.tell_of_login_token(uow, event)


async def login_token_used(uow: UnitOfWork, event: LoginTokenUsed) -> None:
    await accounts.tell_of_login_token(uow, event)


SUBSCRIPTIONS = [
    subscription("notifications", REPLICAS),
    Subscription("notifications-jobs", "JOBS", batches={JobRequestFinished: requests_finished}),
    Subscription("notifications-releases", "RELEASES", handlers={AirlockEventReceived: airlock_event}),
    Subscription(
        "notifications-identity",
        "IDENTITY",
        handlers={
            UserRegistered: user_registered,
            LoginTokenIssued: login_token_issued,
            LoginTokenUsed: login_token_used,
        },
    ),
]
