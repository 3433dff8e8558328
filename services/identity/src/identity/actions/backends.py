"""Backends and orgs: made once, their secrets shown once."""

import re
from datetime import datetime, timedelta

from contracts.identity import AccessChanged
from kit.errors import Conflict, Invalid
from kit.tokens import TokenHasher
from messaging.uow import UnitOfWork
from sqlalchemy import delete, select, update

from identity.actions import audit
from identity.models import Backend, BackendToken, Org
from identity.secrets import new_backend_token

SLUG = re.compile(r"[-a-zA-Z0-9_]{1,255}")
OVERLAP = timedelta(hours=24)  # both tokens are valid for so long, while Airlock changes over


async def create_backend(
    uow: UnitOfWork, hasher: TokenHasher, slug: str, name: str, *, rotate: bool, by: str, now: datetime
) -> tuple[Backend, str | None, bool]:
    """(backend, its new token or None, whether it existed). Another name renames it."""
    if not SLUG.fullmatch(slug):
        raise Invalid("A backend's slug has letters, digits, - and _ only.")
    backend = await uow.session.scalar(select(Backend).where(Backend.slug == slug).with_for_update())
    existed = backend is not None
    if backend is None:
        backend = Backend(slug=slug, name=name or slug)
        uow.session.add(backend)
        await uow.session.flush()
        audit.record(uow, "backend_created", by, target=slug)
        uow.publish(backend.state())
    elif name and name != backend.name:
        audit.record(uow, "backend_renamed", by, target=slug, old=backend.name, new=name)
        backend.name, backend.version = name, backend.version + 1
        uow.publish(backend.state())
    if existed and not rotate:
        return backend, None, True
    if existed:
        await uow.session.execute(  # two are valid at most: whoever rotates again wants the first one gone
            delete(BackendToken).where(
                BackendToken.backend_id == backend.id, BackendToken.expires_at.is_not(None)
            )
        )
        await uow.session.execute(
            update(BackendToken)
            .where(BackendToken.backend_id == backend.id, BackendToken.expires_at.is_(None))
            .values(expires_at=now + OVERLAP)
        )
        audit.record(uow, "backend_token_rotated", by, target=slug)
        uow.publish(AccessChanged(user_ids=[], backends=[slug]))
    token = new_backend_token()
    uow.session.add(BackendToken(backend_id=backend.id, token_hash=hasher.hash(token)))
    return backend, token, existed


async def create_org(uow: UnitOfWork, slug: str, name: str, *, by: str) -> tuple[Org, bool]:
    """(org, whether it existed). Raises Conflict when another one has that name."""
    if not SLUG.fullmatch(slug):
        raise Invalid("An organisation's slug has letters, digits, - and _ only.")
    org = await uow.session.scalar(select(Org).where(Org.slug == slug))
    if org is not None:
        return org, True
    if other := await uow.session.scalar(select(Org.slug).where(Org.name == (name or slug))):
        raise Conflict(f"The organisation {other} has that name.")
    org = Org(slug=slug, name=name or slug, github_orgs=["opensafely"])
    uow.session.add(org)
    await uow.session.flush()
    audit.record(uow, "org_created", by, target=slug)
    uow.publish(org.state())
    return org, False
