"""Loading by key; what a person may do is one statement (`claims_sql`)."""

from collections.abc import Sequence

from contracts.statement import Claims
from kit.errors import NotFound
from sqlalchemy import JSON, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from identity.models import Backend, ExternalIdentity, KnownProject, Org, OrgMembership, User

CLAIMS = """
select u.id as user_id, u.username, u.fullname as name,
  coalesce((select array_agg(distinct g.role order by g.role) from role_grants g where g.user_id = u.id
    and g.membership_id is null and (g.ends_at is null or g.ends_at > now())), '{}') as roles,
  coalesce((select json_object_agg(role, ids) from (
    select g.role, json_agg(distinct m.project_id) as ids from role_grants g
    join project_memberships m on m.id = g.membership_id
    where m.user_id = u.id and (g.ends_at is null or g.ends_at > now())
    group by g.role) x), '{}') as projects,
  coalesce((select array_agg(m.project_id order by m.project_id) from project_memberships m
    where m.user_id = u.id), '{}') as memberships,
  coalesce((select array_agg(b.slug order by b.slug) from backend_memberships bm
    join backends b on b.id = bm.backend_id where bm.user_id = u.id), '{}') as backends,
  coalesce((select array_agg(o.org_id order by o.org_id) from org_memberships o
    where o.user_id = u.id), '{}') as orgs,
  exists (select from external_identities e where e.user_id = u.id) as github
from users u where u.is_active and """
_CLAIMS = text(CLAIMS + "u.id = any(:ids)").columns(projects=JSON)


async def claims(session: AsyncSession, user_ids: Sequence[int]) -> dict[int, Claims]:
    """What these people are and may do now; disabled people are not in the answer."""
    rows = await session.execute(_CLAIMS, {"ids": list(user_ids)})
    return {row.user_id: Claims(**row._mapping) for row in rows}


async def person(session: AsyncSession, user_id: int) -> Claims:
    """One of them. Raises NotFound for somebody unknown or disabled."""
    if (found := (await claims(session, [user_id])).get(user_id)) is None:
        raise NotFound("There is no such user.")
    return found


async def user_by_name(session: AsyncSession, username: str, *, lock: bool = False) -> User:
    query = select(User).where(User.username == username)
    if (found := await session.scalar(query.with_for_update() if lock else query)) is None:
        raise NotFound(f"There is no user {username}.")
    return found


async def user_by_uid(session: AsyncSession, uid: str) -> User | None:
    query = (
        select(User)
        .join(ExternalIdentity, ExternalIdentity.user_id == User.id)
        .where(ExternalIdentity.provider == "github", ExternalIdentity.uid == uid)
        .with_for_update(of=User)
    )
    found: User | None = await session.scalar(query)
    return found


async def backend_by_slug(session: AsyncSession, slug: str) -> Backend:
    if (found := await session.scalar(select(Backend).where(Backend.slug == slug).with_for_update())) is None:
        raise NotFound(f"There is no backend {slug}.")
    return found


async def org_by_slug(session: AsyncSession, slug: str) -> Org:
    if (found := await session.scalar(select(Org).where(Org.slug == slug).with_for_update())) is None:
        raise NotFound(f"There is no organisation {slug}.")
    return found


async def project_by_slug(session: AsyncSession, slug: str) -> KnownProject | None:
    found: KnownProject | None = await session.scalar(select(KnownProject).where(KnownProject.slug == slug))
    return found


async def org_ids(session: AsyncSession, user_id: int) -> list[int]:
    query = (
        select(OrgMembership.org_id).where(OrgMembership.user_id == user_id).order_by(OrgMembership.org_id)
    )
    return list(await session.scalars(query))
