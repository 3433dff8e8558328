"""Making people known before they log in, and what they may change of themselves."""

from datetime import datetime

from contracts.identity import AccessChanged
from contracts.limits import FULL_NAME
from kit import versions
from kit.errors import Conflict, Invalid
from messaging.uow import UnitOfWork
from sqlalchemy import func, select

from identity import policies, repository
from identity.actions import audit
from identity.github import Profile
from identity.models import ExternalIdentity, User


async def lock_registration(uow: UnitOfWork) -> None:
    """Registrations go one after the other, so that checking uid, name and e-mail before is enough."""
    await uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtext("identity.register"))))


async def register(
    uow: UnitOfWork,
    *,
    uid: str,
    login: str,
    username: str,
    fullname: str,
    email: str | None,
    by: str,
    named_at: datetime | None = None,
) -> User:
    """A new account bound to a GitHub uid; a name that somebody chose (`named_at`) outlives the first log-in.

    Raises Invalid for an odd name, Conflict for a taken one.
    """
    policies.check_username(username)
    # GitHub's logins are one whatever their case; a second spelling could only be taken for the first.
    taken = await uow.session.scalar(select(User.id).where(func.lower(User.username) == username.lower()))
    if taken is not None:
        raise Conflict(
            f"The name {username} belongs to another account here. If you renamed your GitHub account, or "
            "think this is a mistake, please contact support."
        )
    user = User(username=username, email=email, fullname=fullname, github_login=login)
    user.fullname_edited_at = named_at
    uow.session.add(user)
    await uow.session.flush()
    uow.session.add(ExternalIdentity(provider="github", uid=uid, user_id=user.id))
    audit.record(uow, "user_registered", by, user=username)
    uow.publish(user.state([]))
    return user


async def create_user(
    uow: UnitOfWork, profile: Profile, username: str, *, name: str, email: str, by: str, now: datetime
) -> User:
    """An account made by an operator, who may choose its name and its address.

    Raises as `register`, and Conflict when another account has the address.
    """
    name, email = policies.tidy(name), email.strip()
    free = await free_email(uow, email or profile.email)
    if email and free is None:
        raise Conflict(f"The address {email} belongs to another account.")
    return await register(
        uow,
        uid=profile.uid,
        login=profile.login,
        username=username,
        fullname=name or profile.name or username,
        email=free,
        by=by,
        named_at=now if name else None,
    )


async def free_email(uow: UnitOfWork, email: str | None, *, besides: int | None = None) -> str | None:
    """`email` in lower case unless another account has it; nobody is ever linked by e-mail."""
    email = (email or "").strip().lower()
    if not email:
        return None
    owner = await uow.session.scalar(select(User.id).where(func.lower(User.email) == email))
    return email if owner in (None, besides) else None


async def rename(
    uow: UnitOfWork, user_id: int, fullname: str, *, by: str, now: datetime, version: int | None = None
) -> None:
    """From now on GitHub's name no longer replaces it (I11)."""
    fullname = policies.tidy(fullname)
    if not fullname or len(fullname) > FULL_NAME:
        raise Invalid("Enter your full name.", fields={"fullname": ["Enter your full name."]})
    user = await uow.session.get_one(User, user_id, with_for_update=True)
    if user.fullname == fullname:
        return
    versions.check(version, user.version, fullname=user.fullname)
    audit.record(uow, "user_renamed", by, user=user.username, old=user.fullname, new=fullname)
    user.fullname, user.fullname_edited_at, user.version = fullname, now, user.version + 1
    orgs = await repository.org_ids(uow.session, user.id)
    uow.publish(user.state(orgs), AccessChanged(user_ids=[user.id]))  # the name stands in people's claims
