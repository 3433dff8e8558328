"""Read models of identity: plain selects, no rules."""

from datetime import datetime

import msgspec
from clients import identity as out
from contracts.statement import Claims
from kit.db import Database, contains
from kit.errors import NotFound
from sqlalchemy import JSON, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from identity import policies, repository
from identity.models import Backend, BackendToken, LoginToken, PersonalToken, Session, User

# Ordered as people look for a name (I38).
_MEMBERS = """
select u.id as user_id, u.username, u.fullname,
  coalesce(array_agg(g.role order by g.role) filter (where g.role is not null), '{}') as roles
from project_memberships m join users u on u.id = m.user_id
left join role_grants g on g.membership_id = m.id and (g.ends_at is null or g.ends_at > now())
where m.project_id = $1 group by u.id order by lower(u.fullname), lower(u.username) limit 500
"""

_ROLES = text("""
select u.id,
  coalesce((select array_agg(g.role) from role_grants g where g.user_id = u.id and g.membership_id is null
    and (g.ends_at is null or g.ends_at > now())), '{}') as everywhere,
  coalesce((select json_agg(json_build_array(p.slug, coalesce((select json_agg(g.role order by g.role)
      from role_grants g where g.membership_id = m.id and (g.ends_at is null or g.ends_at > now())), '[]'))
      order by p.slug)
    from project_memberships m join known_projects p on p.id = m.project_id where m.user_id = u.id), '[]')
    as projects
from users u where u.username = :username and u.is_active
""").columns(projects=JSON)

_ORGS = """
select id, slug, name from orgs where $1::bigint[] = '{}' or id = any($1) order by name limit 500
"""

_SEARCH = """
(select 'user' as kind, username as key, fullname || ' (' || username || ')' as title, '' as detail
 from users where is_active and (username ilike $1 or fullname ilike $1)
 order by username = $2 desc, lower(fullname) limit 10)
union all
(select 'org', slug, name, '' from orgs where slug ilike $1 or name ilike $1 order by name limit 5)
"""

_LEFT = "select id as user_id, username, fullname as name from users where username = $1 and not is_active"


async def backend_credential(
    session: AsyncSession, hashes: list[str], os_user: str | None
) -> out.BackendCredential:
    """Inactive backends authenticate too (I26)."""
    query = (
        select(Backend.slug)
        .join(BackendToken, BackendToken.backend_id == Backend.id)
        .where(BackendToken.token_hash.in_(hashes))
        .where((BackendToken.expires_at.is_(None)) | (BackendToken.expires_at > text("now()")))
    )
    slug = await session.scalar(query)
    if slug is None or not os_user:
        return out.BackendCredential(backend=slug)
    user_id = await session.scalar(select(User.id).where(User.username == os_user))
    acting = (await repository.claims(session, [user_id])).get(user_id) if user_id else None
    return out.BackendCredential(backend=slug, acting=acting)


async def personal_token(
    session: AsyncSession, username: str, hashes: list[str], now: datetime
) -> out.PersonalToken:
    user_id = await session.scalar(select(User.id).where(User.username == username))
    if user_id is None:
        return out.PersonalToken(known=False)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)  # valid through the day it ends on
    query = select(PersonalToken.id).where(
        PersonalToken.user_id == user_id,
        PersonalToken.token_hash.in_(hashes),
        PersonalToken.expires_at >= today,
    )
    if await session.scalar(query) is None:
        return out.PersonalToken(known=True)
    return out.PersonalToken(known=True, user=(await repository.claims(session, [user_id])).get(user_id))


async def claims_by_name(database: Database, username: str) -> Claims | None:
    """Asked at every step of everybody in Airlock, so past the session; somebody disabled has no rights."""
    rows = await database.fetch(repository.CLAIMS + "u.username = $1", username)
    if rows:
        return Claims(**{**rows[0], "projects": msgspec.json.decode(rows[0]["projects"])})
    left = await database.fetch(_LEFT, username)
    return Claims(**left[0]) if left else None


async def account(
    session: AsyncSession, user_id: int, session_hashes: list[str], now: datetime
) -> out.Account:
    user = await session.get_one(User, user_id)
    claims = await repository.person(session, user_id)
    refusal = policies.login_token_refusal(claims)
    unused = select(LoginToken.expires_at).where(LoginToken.user_id == user_id, LoginToken.used_at.is_(None))
    token = await session.scalar(unused)
    mine = await session.scalars(
        select(Session)
        .where(Session.user_id == user_id, Session.expires_at > now)
        .order_by(Session.last_seen_at.desc())
        .limit(50)
    )
    named = select(Backend.name).where(Backend.slug.in_(claims.backends)).order_by(Backend.name)
    return out.Account(
        username=user.username,
        fullname=user.fullname,
        version=user.version,
        email=user.email,
        token_refusal=policies.REFUSALS[refusal] if refusal else None,
        token_expires_at=token if token and token > now else None,
        backends=list(await session.scalars(named)),
        sessions=[
            out.Session(
                id=one.id,
                created_at=one.created_at,
                last_seen_at=one.last_seen_at,
                user_agent=one.user_agent,
                current=one.token_hash in session_hashes,
            )
            for one in mine
        ],
    )


async def user(session: AsyncSession, username: str) -> out.User:
    found = await session.scalar(select(User).where(User.username == username, User.is_active))
    if found is None:
        raise NotFound("There is no such user.")
    return out.User(
        id=found.id,
        username=found.username,
        fullname=found.fullname,
        github_login=found.github_login,
        created_at=found.created_at,
    )


async def members(database: Database, project_id: int) -> list[out.Membership]:
    return [out.Membership(**row) for row in await database.fetch(_MEMBERS, project_id)]


async def orgs(database: Database, ids: list[int]) -> list[out.Org]:
    """All of them when none is named."""
    return [out.Org(**row) for row in await database.fetch(_ORGS, ids)]


async def search(database: Database, words: str) -> list[out.Hit]:
    return [out.Hit(**row) for row in await database.fetch(_SEARCH, contains(words), words)]


async def contacts(session: AsyncSession, user_ids: list[int]) -> list[out.Contact]:
    rows = await session.scalars(select(User).where(User.id.in_(user_ids)))
    return [out.Contact(user_id=u.id, username=u.username, fullname=u.fullname, email=u.email) for u in rows]


async def roles_of(
    session: AsyncSession, username: str
) -> tuple[list[str], list[tuple[str, list[str]]]] | None:
    row = (await session.execute(_ROLES, {"username": username})).one_or_none()
    return None if row is None else (row.everywhere, row.projects)
