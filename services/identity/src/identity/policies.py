"""Who may ask what of identity."""

import re

from contracts.roles import GLOBAL_ROLES, PROJECT_ROLES
from contracts.statement import Claims
from kit.errors import Invalid, PermissionDenied
from kit.identity import Actor

NOT_IN_A_USERNAME = re.compile(r"[^\w.@+-]", re.ASCII)  # I10


def check_gateway(actor: Actor) -> None:
    """Only the gateway, in its own name, turns credentials into people."""
    actor.check_service("gateway")


def check_person(actor: Actor) -> Claims:
    """Raises PermissionDenied for anybody but a logged-in person."""
    if actor.statement.kind != "session" or actor.user is None:
        raise PermissionDenied("You must be logged in.")
    return actor.user


def check_assignable(role: str, *, globally: bool) -> None:
    """Raises Invalid for a role that does not exist or does not belong there (I3)."""
    allowed = GLOBAL_ROLES if globally else PROJECT_ROLES
    if role not in allowed:
        where = "globally" if globally else "on a project"
        raise Invalid(f"{role} is not a role that can be given {where}: {', '.join(sorted(allowed))}.")


def check_username(username: str) -> None:
    """Raises Invalid: it stands in URLs, API calls and audit rows for ever."""
    if not 0 < len(username) <= 150 or NOT_IN_A_USERNAME.search(username):
        raise Invalid(f"{username!r} cannot be a username: letters, digits and . @ + - _ only.")


def tidy(name: str) -> str:
    """One line, single blanks: names stand in mail headers."""
    return " ".join(name.split())


def login_token_refusal(user: Claims) -> str | None:
    """Why this person may have no login token, or None (I21)."""
    if not user.github:
        return "not_github"
    if not user.backends:
        return "no_backends"
    return None


REFUSALS_OF = {  # for somebody else than the person
    "not_github": "The account {} is not linked to GitHub.",
    "no_backends": "{} does not have access to any backend.",
}
REFUSALS = {
    "not_github": "Your account is not linked to GitHub.",
    "no_backends": "You do not have access to any backend.",
}
