"""Roles and memberships. Every change is audited and told to the gateways in the same transaction."""

from contracts.identity import AccessChanged
from messaging.uow import UnitOfWork
from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from identity import policies, repository
from identity.actions import audit
from identity.models import (
    Backend,
    BackendMembership,
    Org,
    OrgMembership,
    ProjectMembership,
    RoleGrant,
    User,
)

_HELD = or_(RoleGrant.ends_at.is_(None), RoleGrant.ends_at > func.now())


async def _held(uow: UnitOfWork, user: User, membership_id: int | None) -> str:
    """Roles before or after a change, as the audit trail has them (I34)."""
    query = select(RoleGrant.role).where(
        RoleGrant.user_id == user.id, RoleGrant.membership_id.is_not_distinct_from(membership_id), _HELD
    )
    return ",".join(sorted(await uow.session.scalars(query)))


async def _give(uow: UnitOfWork, user: User, role: str, membership_id: int | None, by: str) -> bool:
    """A grant that has ended is given anew; False when the role is held."""
    statement = insert(RoleGrant).values(
        user_id=user.id, membership_id=membership_id, role=role, granted_by=by
    )
    made = await uow.session.execute(
        statement.on_conflict_do_update(
            index_elements=["user_id", "membership_id", "role"],
            set_={"granted_by": by, "granted_at": func.now(), "ends_at": None},
            where=RoleGrant.ends_at <= func.now(),
        ).returning(RoleGrant.id)
    )
    return made.first() is not None


async def grant(uow: UnitOfWork, username: str, role: str, *, by: str) -> bool:
    """A global role; False when it was held already."""
    policies.check_assignable(role, globally=True)
    user = await repository.user_by_name(uow.session, username, lock=True)
    old = await _held(uow, user, None)
    if not await _give(uow, user, role, None, by):
        return False
    audit.record(uow, "user_updated_roles", by, user=username, old=old, new=await _held(uow, user, None))
    uow.publish(AccessChanged(user_ids=[user.id]))
    return True


async def revoke(uow: UnitOfWork, username: str, role: str, *, by: str) -> bool:
    """False when the role was not held, or no longer."""
    user = await repository.user_by_name(uow.session, username, lock=True)
    old = await _held(uow, user, None)
    gone = await uow.session.execute(
        delete(RoleGrant)
        .where(RoleGrant.user_id == user.id, RoleGrant.membership_id.is_(None), RoleGrant.role == role, _HELD)
        .returning(RoleGrant.id)
    )
    if gone.first() is None:
        return False
    audit.record(uow, "user_updated_roles", by, user=username, old=old, new=await _held(uow, user, None))
    uow.publish(AccessChanged(user_ids=[user.id]))
    return True


async def add_member(uow: UnitOfWork, project_id: int, username: str, roles: list[str], *, by: str) -> bool:
    """Membership of a project, with roles or without; False when nothing was new."""
    for role in roles:
        policies.check_assignable(role, globally=False)
    user = await repository.user_by_name(uow.session, username, lock=True)
    joined = await _join(uow, project_id, user, by)
    membership = joined or await _membership(uow, project_id, user)
    assert membership is not None, "the account is locked, so nobody takes it out meanwhile"
    old = await _held(uow, user, membership)
    given = [role for role in roles if await _give(uow, user, role, membership, by)]
    if given:
        new, target = await _held(uow, user, membership), str(membership)
        audit.record(
            uow,
            "project_member_updated_roles",
            by,
            user=username,
            project_id=project_id,
            target=target,
            old=old,
            new=new,
        )
    if joined or given:
        uow.publish(AccessChanged(user_ids=[user.id]))
    return bool(joined or given)


async def _membership(uow: UnitOfWork, project_id: int, user: User) -> int | None:
    found: int | None = await uow.session.scalar(
        select(ProjectMembership.id).where(
            ProjectMembership.project_id == project_id, ProjectMembership.user_id == user.id
        )
    )
    return found


async def _join(uow: UnitOfWork, project_id: int, user: User, by: str) -> int | None:
    """The new membership; None for a member."""
    values = {"project_id": project_id, "user_id": user.id, "created_by": by}
    made = await uow.session.execute(
        insert(ProjectMembership).values(values).on_conflict_do_nothing().returning(ProjectMembership.id)
    )
    new: int | None = made.scalar()
    if new:
        target = str(new)
        audit.record(
            uow, "project_member_added", by, user=user.username, project_id=project_id, target=target
        )
    return new


async def remove_member(uow: UnitOfWork, project_id: int, username: str, *, by: str) -> bool:
    """Out of a project, with all roles there; False when they were not in it."""
    user = await repository.user_by_name(uow.session, username, lock=True)
    membership = await _membership(uow, project_id, user)
    if membership is None:
        return False
    old = await _held(uow, user, membership)
    await uow.session.execute(delete(RoleGrant).where(RoleGrant.membership_id == membership))
    await uow.session.execute(delete(ProjectMembership).where(ProjectMembership.id == membership))
    audit.record(
        uow,
        "project_member_removed",
        by,
        user=username,
        project_id=project_id,
        target=str(membership),
        old=old,
    )
    uow.publish(AccessChanged(user_ids=[user.id]))
    return True


async def remove_from_backend(uow: UnitOfWork, username: str, slug: str, *, by: str) -> bool:
    user = await repository.user_by_name(uow.session, username, lock=True)
    backend: Backend = await repository.backend_by_slug(uow.session, slug)
    gone = await uow.session.execute(
        delete(BackendMembership)
        .where(BackendMembership.backend_id == backend.id, BackendMembership.user_id == user.id)
        .returning(BackendMembership.user_id)
    )
    if gone.first() is None:
        return False
    audit.record(uow, "backend_member_removed", by, user=username, target=slug)
    uow.publish(AccessChanged(user_ids=[user.id]))
    return True


async def add_to_backend(uow: UnitOfWork, username: str, slug: str, *, by: str) -> bool:
    user = await repository.user_by_name(uow.session, username, lock=True)
    backend: Backend = await repository.backend_by_slug(uow.session, slug)
    values = {"backend_id": backend.id, "user_id": user.id, "created_by": by}
    made = await uow.session.execute(
        insert(BackendMembership).values(values).on_conflict_do_nothing().returning(BackendMembership.user_id)
    )
    if made.first() is None:
        return False
    audit.record(uow, "backend_member_added", by, user=username, target=slug)
    uow.publish(AccessChanged(user_ids=[user.id]))
    return True


async def add_to_org(uow: UnitOfWork, slug: str, username: str, *, by: str) -> bool:
    user = await repository.user_by_name(uow.session, username, lock=True)
    org: Org = await repository.org_by_slug(uow.session, slug)
    values = {"org_id": org.id, "user_id": user.id, "created_by": by}
    made = await uow.session.execute(
        insert(OrgMembership).values(values).on_conflict_do_nothing().returning(OrgMembership.user_id)
    )
    if made.first() is None:
        return False
    user.version += 1
    audit.record(uow, "org_member_added", by, user=username, target=slug)
    orgs = await repository.org_ids(uow.session, user.id)
    uow.publish(AccessChanged(user_ids=[user.id]), user.state(orgs))
    return True
