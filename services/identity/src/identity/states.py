"""What identity's things look like now, for other services' replicas."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.base import State
from messaging.states import Source
from sqlalchemy import BigInteger, Select, func, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncSession

from identity.models import Backend, Org, OrgMembership, User


def _page(query: Select[Any], model: Any, after: int, limit: int, key: Mapping[str, str]) -> Select[Any]:
    """`key` is an id, or what people call the thing: a slug, or a user's name."""
    called = User.username if model is User else model.slug
    for name, value in key.items():
        query = query.where(model.id == int(value) if name == "id" else called == value)
    return query.where(model.id > after).order_by(model.id).limit(limit)


async def users(session: AsyncSession, after: int, limit: int, key: Mapping[str, str]) -> Sequence[State]:
    orgs = (
        select(func.coalesce(func.array_agg(OrgMembership.org_id), array([], type_=BigInteger)))
        .where(OrgMembership.user_id == User.id)
        .scalar_subquery()
    )
    rows = await session.execute(_page(select(User, orgs), User, after, limit, key))
    return [user.state(sorted(org_ids)) for user, org_ids in rows]


async def orgs(session: AsyncSession, after: int, limit: int, key: Mapping[str, str]) -> Sequence[State]:
    return [org.state() for org in await session.scalars(_page(select(Org), Org, after, limit, key))]


async def backends(session: AsyncSession, after: int, limit: int, key: Mapping[str, str]) -> Sequence[State]:
    found = await session.scalars(_page(select(Backend), Backend, after, limit, key))
    return [backend.state() for backend in found]


SOURCES: dict[str, Source] = {"user": users, "org": orgs, "backend": backends}
