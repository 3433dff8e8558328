"""Who may see and do what with projects and workspaces."""

from contracts.words import RESERVED_PROJECT_SLUGS, RESERVED_WORKSPACE_NAMES
from kit.errors import Invalid
from kit.identity import Actor


def sees_archived(actor: Actor) -> bool:
    """Archived workspaces are hidden from people without any role (P11)."""
    user = actor.user
    return actor.is_service or (user is not None and bool(user.roles or user.projects))


def check_slug(slug: str) -> None:
    """Raises Invalid (P7)."""
    if slug.lower() in RESERVED_PROJECT_SLUGS:
        raise Invalid(f"A project cannot be called {slug}: a page of the site has that address.")


def check_workspace_name(name: str) -> None:
    """Raises Invalid (P9)."""
    if name in RESERVED_WORKSPACE_NAMES or name.isdecimal():
        raise Invalid(f"A workspace cannot be called {name}: a page of the project has that address.")
