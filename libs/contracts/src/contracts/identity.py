"""What the identity service tells the others."""

from typing import ClassVar

from contracts.base import Event, StaffNotice, State


class UserState(State, frozen=True, kw_only=True):
    thing: ClassVar[str] = "identity.user"

    username: str
    fullname: str
    github_login: str | None = None
    is_active: bool = True
    org_ids: list[int] = []


class OrgState(State, frozen=True, kw_only=True):
    thing: ClassVar[str] = "identity.org"

    slug: str
    name: str
    github_orgs: list[str] = []


class BackendState(State, frozen=True, kw_only=True):
    thing: ClassVar[str] = "identity.backend"

    slug: str
    name: str
    is_active: bool
    alert_timeout_seconds: int = 300


class UserRegistered(Event, frozen=True, kw_only=True):
    subject: ClassVar[str] = "identity.user.registered.v1"

    user_id: int
    username: str


class UserLoggedIn(Event, frozen=True, kw_only=True):
    subject: ClassVar[str] = "identity.user.logged_in.v1"

    user_id: int


class AccessChanged(Event, frozen=True, kw_only=True):
    """Gateways drop at once what they remember of these people and of these backends' tokens."""

    subject: ClassVar[str] = "identity.access.changed.v1"

    user_ids: list[int]
    backends: list[str] = []


class LoginTokenIssued(Event, frozen=True, kw_only=True):
    subject: ClassVar[str] = "identity.login_token.issued.v1"

    user_id: int


class LoginTokenUsed(Event, frozen=True, kw_only=True):
    subject: ClassVar[str] = "identity.login_token.used.v1"

    user_id: int


class IdentityStaffNotice(StaffNotice, frozen=True, kw_only=True):
    subject: ClassVar[str] = "identity.staff.told.v1"


FACTS: tuple[type[Event], ...] = (
    UserRegistered,
    UserLoggedIn,
    AccessChanged,
    LoginTokenIssued,
    LoginTokenUsed,
    IdentityStaffNotice,
)
STATES: tuple[type[State], ...] = (UserState, OrgState, BackendState)
