"""Server-side sessions (I17)."""

from datetime import datetime, timedelta

from clients.identity import SessionInfo
from contracts.identity import AccessChanged
from kit.errors import NotFound
from kit.tokens import TokenHasher
from messaging.uow import UnitOfWork
from sqlalchemy import delete, select, text

from identity import repository
from identity.models import Session

_SEEN = timedelta(minutes=5)  # last_seen_at is no more exact than this, so that reading rarely writes


async def resolve(uow: UnitOfWork, hasher: TokenHasher, token: str, *, now: datetime) -> SessionInfo:
    """Whose session it is; nobody's when it has ended or its owner is disabled."""
    query = select(Session).where(Session.token_hash.in_(hasher.candidates(token)), Session.expires_at > now)
    found = await uow.session.scalar(query)
    if found is None:
        return SessionInfo()
    user = (await repository.claims(uow.session, [found.user_id])).get(found.user_id)
    if user is None:
        return SessionInfo()
    if now - found.last_seen_at > _SEEN:
        await uow.session.execute(text("set local synchronous_commit = off"))
        found.last_seen_at = now
    return SessionInfo(user=user, expires_at=found.expires_at)


async def end(uow: UnitOfWork, hasher: TokenHasher, token: str) -> None:
    """Logging out; an unknown session is already what was wanted."""
    gone = await uow.session.execute(
        delete(Session).where(Session.token_hash.in_(hasher.candidates(token))).returning(Session.user_id)
    )
    if user_id := gone.scalar():
        uow.publish(AccessChanged(user_ids=[user_id]))


async def end_mine(uow: UnitOfWork, user_id: int, session_id: int) -> None:
    """One of one's own sessions, perhaps in another browser. Raises NotFound."""
    gone = await uow.session.execute(
        delete(Session).where(Session.id == session_id, Session.user_id == user_id).returning(Session.id)
    )
    if gone.first() is None:
        raise NotFound("There is no such session.")
    uow.publish(AccessChanged(user_ids=[user_id]))
