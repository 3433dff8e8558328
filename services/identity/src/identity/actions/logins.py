"""Logging in by GitHub: state, PKCE, and accounts bound to the GitHub uid (I9, I15)."""

import secrets
from datetime import datetime

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from clients.identity import LoginFinished, LoginStarted
from contracts.identity import UserLoggedIn, UserRegistered
from kit.errors import Conflict, Invalid
from kit.tokens import TokenHasher
from messaging.uow import UnitOfWork
from sqlalchemy import delete, select

from identity import policies, repository
from identity.actions import audit, users
from identity.github import GitHubLogin, Profile
from identity.models import Login, Session, User
from identity.secrets import new_token


async def start(
    uow: UnitOfWork,
    github: GitHubLogin,
    hasher: TokenHasher,
    *,
    next_path: str,
    redirect_uri: str,
    now: datetime,
) -> LoginStarted:
    state, browser, verifier = new_token(), new_token(), secrets.token_urlsafe(48)
    await uow.session.execute(delete(Login).where(Login.expires_at < now))
    uow.session.add(
        Login(
            state_hash=hasher.hash(state),
            browser_hash=hasher.hash(browser),
            code_verifier=verifier,
            redirect_uri=redirect_uri,
            next_path=next_path,
            expires_at=now + Login.LIFETIME,
        )
    )
    url = github.authorize_url(state, create_s256_code_challenge(verifier), redirect_uri)
    return LoginStarted(authorize_url=url, browser=browser)


async def claim(uow: UnitOfWork, hasher: TokenHasher, *, state: str, browser: str, now: datetime) -> Login:
    """The log-in that this browser began with this state; `finish` uses it up. Raises Invalid."""
    query = (
        select(Login)
        .where(Login.state_hash.in_(hasher.candidates(state)), Login.expires_at > now)
        .with_for_update()
    )
    found: Login | None = await uow.session.scalar(query)
    if found is None or found.browser_hash not in hasher.candidates(browser):
        raise Invalid("This log-in was not begun in this browser, or took too long. Please log in again.")
    return found


async def finish(
    uow: UnitOfWork, hasher: TokenHasher, login_id: int, profile: Profile, *, user_agent: str, now: datetime
) -> LoginFinished:
    """A session for the owner of the GitHub account; a partial answer when GitHub knows no name."""
    login = await uow.session.get(Login, login_id, with_for_update=True)
    if login is None:
        raise Invalid("This log-in is already over. Please log in again.")
    user = await repository.user_by_uid(uow.session, profile.uid)
    if user is None:
        await users.lock_registration(uow)
        user = await repository.user_by_uid(uow.session, profile.uid)
    if user is not None:
        await _refresh(uow, user, profile)
    elif profile.name:
        user = await _register(uow, profile, profile.name)
    else:
        return _ask_for_name(hasher, login, profile)
    if not user.is_active:
        raise Conflict("This account has been closed. Please contact support.")
    await uow.session.delete(login)
    return _begin_session(uow, hasher, user, login.next_path, user_agent, now)


def _ask_for_name(hasher: TokenHasher, login: Login, profile: Profile) -> LoginFinished:
    """The log-in goes on under another state, with what GitHub said."""
    partial = new_token()
    login.state_hash = hasher.hash(partial)
    login.profile = profile.as_dict()
    return LoginFinished(partial=partial)


async def _register(uow: UnitOfWork, profile: Profile, fullname: str) -> User:
    username = policies.NOT_IN_A_USERNAME.sub("", profile.login)
    user = await users.register(
        uow,
        uid=profile.uid,
        login=profile.login,
        username=username,
        fullname=fullname,
        email=await users.free_email(uow, profile.email),
        by=username,
    )
    uow.publish(UserRegistered(user_id=user.id, username=username))
    return user


async def _refresh(uow: UnitOfWork, user: User, profile: Profile) -> None:
    email = await users.free_email(uow, profile.email, besides=user.id)
    if user.refresh_from_github(profile.login, profile.name, email):
        uow.publish(user.state(await repository.org_ids(uow.session, user.id)))


def _begin_session(
    uow: UnitOfWork, hasher: TokenHasher, user: User, next_path: str, user_agent: str, now: datetime
) -> LoginFinished:
    token = new_token()
    session = Session(
        token_hash=hasher.hash(token),
        user_id=user.id,
        user_agent=user_agent[:300],
        expires_at=now + Session.LIFETIME,
    )
    uow.session.add(session)
    user.last_login_at = now
    audit.record(uow, "user_logged_in", user.username, user=user.username)
    uow.publish(UserLoggedIn(user_id=user.id))
    return LoginFinished(session=token, expires_at=session.expires_at, next=next_path)
