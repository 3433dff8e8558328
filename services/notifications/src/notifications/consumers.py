"""Facts of others become deliveries; sending is the dispatcher's business (N1)."""

from contracts.identity import (
    IdentityStaffNotice,
    LoginTokenIssued,
    LoginTokenUsed,
    UserRegistered,
)
from contracts.jobs import JobRequestFinished, JobsStaffNotice
from contracts.releases import AirlockEventReceived
from messaging.replicas import subscription
from messaging.subscriptions import Subscription

from notifications.actions import accounts, airlock, runs, staff
from notifications.replicas import REPLICAS

SUBSCRIPTIONS = [
    subscription("notifications", REPLICAS),
    Subscription(
        "notifications-jobs",
        "JOBS",
        handlers={JobsStaffNotice: staff.tell_staff},
        batches={JobRequestFinished: runs.tell_of_finished},
    ),
    Subscription(
        "notifications-releases", "RELEASES", handlers={AirlockEventReceived: airlock.tell_of_event}
    ),
    Subscription(
        "notifications-identity",
        "IDENTITY",
        handlers={
            IdentityStaffNotice: staff.tell_staff,
            UserRegistered: accounts.tell_of_registration,
            LoginTokenIssued: accounts.tell_of_new_login_token,
            LoginTokenUsed: accounts.tell_of_used_login_token,
        },
    ),
]
