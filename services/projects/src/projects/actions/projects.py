"""Making projects (spec/projects.md §1.1)."""

import re
import unicodedata

from contracts.projects import ProjectCreated
from kit.errors import Conflict, Invalid
from messaging.uow import UnitOfWork
from sqlalchemy import or_, select

from projects import policies, repository
from projects.models import NUMBER, STATUSES, Collaboration, Project


def slugify(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain)).strip("-_")


async def create_project(
    uow: UnitOfWork,
    *,
    slug: str,
    name: str,
    number: str | None,
    status: str,
    org_id: int | None,
    by: str,
) -> tuple[Project, bool]:
    """(project, whether it existed). Raises Invalid, and Conflict when name or number belong to another."""
    policies.check_slug(slug)
    if not re.fullmatch(r"[-a-zA-Z0-9_]{1,255}", slug):
        raise Invalid("A project's slug has letters, digits, - and _ only.")
    if number is not None and not re.fullmatch(NUMBER, number):
        raise Invalid("A project's number is like 123 or POS-2026-3001.")
    if status not in STATUSES:
        raise Invalid(f"A project's status is one of {', '.join(STATUSES)}.")
    if found := await repository.project_by_slug(uow.session, slug):
        return found, True
    taken = select(Project.slug).where(or_(Project.name == name, Project.number == number))
    if other := await uow.session.scalar(taken):
        raise Conflict(f"The project {other} has that name or number.")
    project = Project(slug=slug, name=name or slug, number=number, status=status, created_by=by)
    uow.session.add(project)
    await uow.session.flush()
    if org_id is not None:
        uow.session.add(Collaboration(project_id=project.id, org_id=org_id, is_lead=True, created_by=by))
    uow.publish(
        ProjectCreated(project_id=project.id, slug=slug, by=by), project.state([org_id] if org_id else [])
    )
    return project, False
