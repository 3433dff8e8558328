"""Backends and orgs: made once, their secrets shown once."""

from datetime import datetime, timedelta

from contracts.identity import AccessChanged
from kit.errors import Invalid
from kit.tokens import TokenHasher
from messaging.uow import UnitOfWork
from sqlalchemy import select, update

from identity.actions import audit
from identity.models import Backend, BackendToken, Org
from identity.secrets import new_backend_token

OVERLAP = timedelta(hours=24)  # both tokens are valid for so long, while Airlock changes over


async def create_backend(
    uow: UnitOfWork, hasher: TokenHasher, slug: str, name: str, *, rotate: bool, by: str, now: datetime
) -> tuple[Backend, str | None, bool]:
    """(backend, its new token or None, whether it existed)."""
    if not slug or not all(c.isascii() and (c.isalnum() or c in "-_") for c in slug):
        raise Invalid("A backend's slug has letters, digits, - and _ only.")
    backend = await uow.session.scalar(select(Backend).where(Backend.slug == slug).with_for_update())
    existed = backend is not None
    if backend is None:
        backend = Backend(slug=slug, name=name or slug)
        uow.session.add(backend)
        await uow.session.flush()
        audit.record(uow, "backend_created", by, target=slug)
        uow.publish(backend.state())
    if existed and not rotate:
        return backend, None, True
    if existed:
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
    """(org, whether it existed)."""
    org = await uow.session.scalar(select(Org).where(Org.slug == slug))
    if org is not None:
        return org, True
    org = Org(slug=slug, name=name or slug, github_orgs=["opensafely"])
    uow.session.add(org)
    await uow.session.flush()
    audit.record(uow, "org_created", by, target=slug)
    uow.publish(org.state())
    return org, False
