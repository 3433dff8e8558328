"""Who may upload and see released files (A7, F7 to F10)."""

from contracts.statement import Claims
from kit.errors import NotFound
from kit.identity import Actor, may, projects_where

NOT_GIVEN = "Authentication credentials were not provided."


def uploader(actor: Actor, project_id: int) -> Claims | None:
    """The acting user when they may upload here from this backend; every fault looks the same."""
    acting, backend = actor.statement.acting, actor.statement.backend
    if acting is None or backend not in acting.backends:
        return None
    return acting if may(acting, "release_file_upload", project_id) else None


def finisher(actor: Actor, creators: set[int]) -> Claims | None:
    """The acting user when they sent this release themselves, though the role is gone since."""
    acting = actor.statement.acting
    return acting if acting is not None and acting.user_id in creators else None


def reading_refusal(actor: Actor, project_id: int, workspace: str) -> str | None:
    """Why this caller may not read released files by the API, in the reference's words; None if they may."""
    statement = actor.statement
    if statement.kind in {"failed", "backend"}:
        if statement.reason == "unknown_user":
            return "Invalid user"
        return "You do not have permission to perform this action."
    if statement.user is None:
        return "Invalid user or token"
    if not may(statement.user, "release_file_view", project_id):
        return f"Invalid user or token for workspace {workspace}"
    return None


def visible(actor: Actor) -> list[int] | None:
    """Ids of the projects whose released files the caller may see; None for all of them."""
    return projects_where(actor.user, "release_file_view")


def check_view(actor: Actor, project_id: int, thing: str = "release") -> None:
    """People without the permission learn nothing."""
    if not actor.may("release_file_view", project_id):
        raise NotFound(f"There is no such {thing}.")
