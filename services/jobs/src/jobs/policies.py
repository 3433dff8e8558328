"""Who may run and cancel (J1, J3, J38)."""

from contracts.statement import Claims
from kit.errors import NotFound, PermissionDenied
from kit.identity import Actor

from jobs.models import JobRequest

CLOSED = frozenset({"tpp", "emis"})  # by DISABLE_CREATING_JOBS


def check_run(actor: Actor, project_id: int) -> Claims:
    """Workspaces are public, so who may not run jobs there is told so. Returns who is asking."""
    if actor.user is None or not actor.may("job_run", project_id):
        raise PermissionDenied(
            "You may not run jobs in this workspace. That needs the role Project developer in its project."
        )
    return actor.user


def may_cancel(actor: Actor, request: JobRequest) -> bool:
    """Its author, whatever roles they have now, or whoever holds `job_cancel` on the project."""
    return actor.user_id == request.created_by_id or actor.may("job_cancel", request.project_id)


def check_cancel(actor: Actor, request: JobRequest) -> None:
    """For others this is not there (J38)."""
    if not may_cancel(actor, request):
        raise NotFound("Only whoever made a request, and people whose role allows it, can cancel it.")


def is_staff(actor: Actor) -> bool:
    """Who reads what other systems really said."""
    return actor.may("staff_area_access")


def usable_backends(user: Claims, *, closed: bool) -> list[str]:
    """Slugs of the backends this person may use now."""
    return [slug for slug in user.backends if not (closed and slug in CLOSED)]
