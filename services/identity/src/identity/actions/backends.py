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


async def find_backend(uow: UnitOfWork, slug: str) -> Backend | None:
    """Locked, for whoever changes it."""
    found: Backend | None = await uow.session.scalar(
        select(Backend).where(Backend.slug == slug).with_for_update()
    )
    return found


async def create_backend(
    uow: UnitOfWork, hasher: TokenHasher, slug: str, name: str, *, by: str
) -> tuple[Backend, str]:
    """It, and its token, which is shown only now. Raises Invalid for a slug that is none."""
    if not SLUG.fullmatch(slug):
        raise Invalid("A backend's slug has letters, digits, - and _ only.")
    backend = Backend(slug=slug, name=name or slug)
    uow.session.add(backend)
    await uow.session.flush()
    audit.record(uow, "backend_created", by, target=slug)
    uow.publish(backend.state())
    return backend, _add_token(uow, hasher, backend)


def rename_backend(uow: UnitOfWork, backend: Backend, name: str, *, by: str) -> None:
    if name == backend.name:
        return
    audit.record(uow, "backend_renamed", by, target=backend.slug, old=backend.name, new=name)
    backend.name, backend.version = name, backend.version + 1
    uow.publish(backend.state())


async def rotate_backend_token(
    uow: UnitOfWork, hasher: TokenHasher, backend: Backend, *, by: str, now: datetime
) -> str:
    """A new one; the last one stays valid for a day, and one from before that does not."""
    of_it = BackendToken.backend_id == backend.id
    await uow.session.execute(delete(BackendToken).where(of_it, BackendToken.expires_at.is_not(None)))
    last = update(BackendToken).where(of_it, BackendToken.expires_at.is_(None))
    await uow.session.execute(last.values(expires_at=now + OVERLAP))
    audit.record(uow, "backend_token_rotated", by, target=backend.slug)
    uow.publish(AccessChanged(user_ids=[], backends=[backend.slug]))
    return _add_token(uow, hasher, backend)


def _add_token(uow: UnitOfWork, hasher: TokenHasher, backend: Backend) -> str:
    token = new_backend_token()
    uow.session.add(BackendToken(backend_id=backend.id, token_hash=hasher.hash(token)))
    return token


async def find_org(uow: UnitOfWork, slug: str) -> Org | None:
    found: Org | None = await uow.session.scalar(select(Org).where(Org.slug == slug))
    return found


async def create_org(uow: UnitOfWork, slug: str, name: str, *, by: str) -> Org:
    """Raises Invalid for a slug that is none, Conflict when another one has that name."""
    if not SLUG.fullmatch(slug):
        raise Invalid("An organisation's slug has letters, digits, - and _ only.")
    if other := await uow.session.scalar(select(Org.slug).where(Org.name == (name or slug))):
        raise Conflict(f"The organisation {other} has that name.")
    org = Org(slug=slug, name=name or slug, github_orgs=["opensafely"])
    uow.session.add(org)
    await uow.session.flush()
    audit.record(uow, "org_created", by, target=slug)
    uow.publish(org.state())
    return org
