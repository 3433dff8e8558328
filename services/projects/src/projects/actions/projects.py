"""Making projects (P1 to P7)."""

import re

from contracts.projects import ProjectCreated
from kit.errors import Conflict, Invalid
from messaging.uow import UnitOfWork
from sqlalchemy import false, or_, select

from projects import policies, repository
from projects.models import NUMBER, STATUSES, Collaboration, Project


async def find_project(uow: UnitOfWork, slug: str) -> Project | None:
    """Until this transaction ends nobody else makes one."""
    await repository.lock_creation(uow.session)
    return await repository.project_by_slug(uow.session, slug)


async def create_project(
    uow: UnitOfWork,
    *,
    slug: str,
    name: str,
    number: str | None,
    status: str,
    org_id: int | None,
    by: str,
) -> Project:
    """Raises Invalid, and Conflict when slug, name or number belong to another."""
    policies.check_slug(slug)
    if not re.fullmatch(r"[-a-zA-Z0-9_]{1,255}", slug):
        raise Invalid("A project's slug has letters, digits, - and _ only.")
    if number is not None and (len(number) > 20 or not re.fullmatch(NUMBER, number)):
        raise Invalid("A project's number is like 123 or POS-2026-3001.")
    name = " ".join(name.split()) or slug
    if len(name) > 255:
        raise Invalid("A project's name has at most 255 characters.")
    if status not in STATUSES:
        raise Invalid(f"A project's status is one of {', '.join(STATUSES)}.")
    if await find_project(uow, slug) is not None:
        raise Conflict(f"There is a project {slug} already.")
    same_number = false() if number is None else Project.number == number
    taken = select(Project.slug).where(or_(Project.name == name, same_number))
    if other := await uow.session.scalar(taken):
        raise Conflict(f"The project {other} has that name or number.")
    project = Project(slug=slug, name=name, number=number, status=status, created_by=by)
    uow.session.add(project)
    await uow.session.flush()
    if org_id is not None:
        uow.session.add(Collaboration(project_id=project.id, org_id=org_id, is_lead=True, created_by=by))
    uow.publish(
        ProjectCreated(project_id=project.id, slug=slug, by=by), project.state([org_id] if org_id else [])
    )
    return project


async def set_status(uow: UnitOfWork, slug: str, status: str) -> bool:
    """False when it was so already. Raises NotFound, Invalid."""
    if status not in STATUSES:
        raise Invalid(f"A project's status is one of {', '.join(STATUSES)}.")
    project = await repository.lock_project(uow.session, slug)
    if project.status == status:
        return False
    project.status = status
    await _changed(uow, project)
    return True


async def set_copilot(uow: UnitOfWork, slug: str, user_id: int | None) -> bool:
    """None: nobody is. False when it was so already. Raises NotFound."""
    project = await repository.lock_project(uow.session, slug)
    if project.copilot_id == user_id:
        return False
    project.copilot_id = user_id
    await _changed(uow, project)
    return True


async def add_org(uow: UnitOfWork, slug: str, org_id: int, *, by: str) -> bool:
    """The first organisation of a project leads it. False when it takes part already. Raises NotFound."""
    project = await repository.lock_project(uow.session, slug)
    orgs = await repository.org_ids(uow.session, project.id)
    if org_id in orgs:
        return False
    made = Collaboration(project_id=project.id, org_id=org_id, is_lead=not orgs, created_by=by)
    uow.session.add(made)
    await uow.session.flush()
    await _changed(uow, project)
    return True


async def _changed(uow: UnitOfWork, project: Project) -> None:
    project.version += 1
    uow.publish(project.state(await repository.org_ids(uow.session, project.id)))
