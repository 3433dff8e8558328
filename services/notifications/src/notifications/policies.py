"""Who may see what was sent."""

from kit.errors import NotFound
from kit.identity import Actor


def check_staff(actor: Actor) -> None:
    """Others learn nothing."""
    if not actor.may("staff_area_access"):
        raise NotFound("There is no such page.")
