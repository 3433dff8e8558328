"""Single-use words for Airlock, where GitHub cannot be reached (I21 to I25)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from clients.identity import Identified
from contracts.identity import IdentityStaffNotice, LoginTokenIssued, LoginTokenUsed
from contracts.statement import Claims
from kit.errors import PermissionDenied
from kit.logging import get
from kit.metrics import THROTTLED
from messaging.uow import UnitOfWork, Units
from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from identity import policies, repository
from identity.actions import audit
from identity.models import LoginAttempt, LoginToken, User
from identity.secrets import new_words, slow_hash, slow_verify

log = get()
TRIES, BACKEND_TRIES, WINDOW = 10, 100, timedelta(minutes=15)
_SAME_CALL = timedelta(seconds=60)  # in which a call whose answer was lost is made again


async def issue(units: Units, user_id: int, *, by: str, now: datetime) -> str:
    """New words for somebody who may have them; older ones no longer work. Raises PermissionDenied."""
    words = new_words()
    hashed = await slow_hash(words)  # before the transaction: it takes a while
    async with units() as uow:
        user = await repository.person(uow.session, user_id)
        if refusal := policies.login_token_refusal(user):
            raise PermissionDenied(policies.REFUSALS[refusal], reason=refusal)
        values = {
            "user_id": user_id,
            "token_hash": hashed,
            "expires_at": now + LoginToken.LIFETIME,
            "used_at": None,
            "used_by_call": None,
        }
        statement = insert(LoginToken).values(values)
        await uow.session.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=values))
        await _forget_tries(uow, user.username)
        audit.record(uow, "login_token_issued", by, user=user.username)
        uow.publish(LoginTokenIssued(user_id=user_id))
    return words


@dataclass(frozen=True)
class _Found:
    """`throttled`: too many tries at this account. `flooded`: too many wrong ones from this backend, so that
    nothing is hashed there any more for people who have no words."""

    claims: Claims | None
    username: str | None
    stored: str | None
    expires_at: datetime | None
    throttled: bool
    flooded: bool


async def authenticate(
    units: Units, user: str, words: str, *, backend: str | None, now: datetime, call: str = ""
) -> Identified:
    """Checks in the order of A14; the right words work once, or again in the same `call`.

    Whatever others get wrong, the right words of somebody at whose account nobody guesses work.
    """
    found = await _find(units, user, backend, call, now)
    wrong = Identified(refusal="throttled", username=found.username)
    if found.throttled or (found.flooded and found.stored is None):
        return wrong
    right = await slow_verify(found.stored, words)  # outside any transaction, and also for unknown people
    if found.claims is None:
        return Identified(refusal="unknown_user")
    name = found.claims.username
    if refusal := policies.login_token_refusal(found.claims):
        return Identified(refusal=refusal, username=name)
    if found.stored is None or found.expires_at is None:
        return Identified(refusal="no_token", username=name)
    if found.flooded and not right:
        return wrong
    if now > found.expires_at:
        return Identified(refusal="token_expired", username=name)
    if not right:
        return Identified(refusal="token_wrong", username=name)
    return await _consume(units, found.claims, found.stored, backend, call, now)


async def _find(units: Units, user: str, backend: str | None, call: str, now: datetime) -> _Found:
    again = and_(LoginToken.used_by_call == (call or None), LoginToken.used_at > now - _SAME_CALL)
    usable = or_(LoginToken.used_at.is_(None), again)
    async with units() as uow:
        query = (
            select(User.id, User.username, LoginToken.token_hash, LoginToken.expires_at)
            .outerjoin(LoginToken, and_(LoginToken.user_id == User.id, usable))
            .where(or_(User.username == user, func.lower(User.email) == user.lower()))
            .order_by((User.username == user).desc())
            .limit(1)
        )
        row = (await uow.session.execute(query)).one_or_none()
        subject = f"user {row.username}" if row else f"unknown {user}"
        throttled = await _throttled(uow, subject, TRIES, now)
        flooded = False
        if backend is not None and not throttled:
            flooded = await _throttled(uow, f"backend {backend}", BACKEND_TRIES, now)
        if row is None:
            return _Found(None, user, None, None, throttled, flooded)
        person = (await repository.claims(uow.session, [row.id])).get(row.id)
        return _Found(person, row.username, row.token_hash, row.expires_at, throttled, flooded)


async def _throttled(uow: UnitOfWork, subject: str, limit: int, now: datetime) -> bool:
    """Counts a try before anything is hashed, so that guesses sent at the same time count too.

    Staff are told of the first that is too many.
    """
    await uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"login {subject}"))))
    await uow.session.execute(delete(LoginAttempt).where(LoginAttempt.at < now - WINDOW))
    tries = select(func.count()).where(LoginAttempt.subject == subject, LoginAttempt.at > now - WINDOW)
    count = await uow.session.scalar(tries) or 0
    if count > limit:
        return True
    uow.session.add(LoginAttempt(subject=subject, at=now))
    if count == limit:
        THROTTLED.labels(subject.split(" ", 1)[0]).inc()
        log.warning("too many wrong login tokens", subject=subject, tries=count)
        uow.publish(
            IdentityStaffNotice(
                told=f"throttled:{subject}:{now:%Y%m%d%H%M}",
                title="Many wrong login tokens",
                text=f"{count} tries in a quarter of an hour: {subject}.",
            )
        )
    return count >= limit


async def _forget_tries(uow: UnitOfWork, username: str) -> None:
    await uow.session.execute(delete(LoginAttempt).where(LoginAttempt.subject == f"user {username}"))


async def _forget_one_try(uow: UnitOfWork, backend: str) -> None:
    """Right words are no guess; the wrong ones of other people typed there still count."""
    last = select(func.max(LoginAttempt.id)).where(LoginAttempt.subject == f"backend {backend}")
    await uow.session.execute(delete(LoginAttempt).where(LoginAttempt.id == last.scalar_subquery()))


async def _consume(
    units: Units, person: Claims, stored: str, backend: str | None, call: str, now: datetime
) -> Identified:
    async with units() as uow:
        mine = (LoginToken.user_id == person.user_id, LoginToken.token_hash == stored)
        token = await uow.session.scalar(select(LoginToken).where(*mine).with_for_update())
        if token is None:  # new words were made meanwhile
            return Identified(refusal="no_token", username=person.username)
        if token.used_at is not None:
            if call and token.used_by_call == call and token.used_at > now - _SAME_CALL:
                return Identified(user=person, username=person.username)
            return Identified(refusal="no_token", username=person.username)
        token.used_at, token.used_by_call = now, call or None
        await _forget_tries(uow, person.username)
        if backend is not None:
            await _forget_one_try(uow, backend)
        audit.record(uow, "login_token_used", person.username, user=person.username)
        uow.publish(LoginTokenUsed(user_id=person.user_id))
    return Identified(user=person, username=person.username)


def authorise(person: Claims | None, username: str) -> Identified:
    """What Airlock is told of somebody who is logged in there; touches no token.

    Who has left is told with no rights at all, so that Airlock forgets the old ones (A17).
    """
    if person is None:
        return Identified(refusal="unknown_user")
    if not person.backends:
        left = Claims(user_id=person.user_id, username=person.username, name=person.name)
        return Identified(user=left, username=username)
    if refusal := policies.login_token_refusal(person):
        return Identified(refusal=refusal, username=username)
    return Identified(user=person, username=username)
