"""New accounts and login tokens (N13, N14)."""

from contracts.identity import LoginTokenIssued, LoginTokenUsed, UserRegistered
from messaging.uow import UnitOfWork
from sqlalchemy import func, select

from notifications.actions.record import mail, record, slack
from notifications.models import Delivery


async def tell_of_registration(uow: UnitOfWork, event: UserRegistered) -> None:
    key, subject = f"user:{event.user_id}:registered", f"New user ({event.username}) registered"
    context = {"username": event.username}
    await record(uow, [slack(key, "@registrations", "user_registered", subject, context)])


async def tell_of_new_login_token(uow: UnitOfWork, event: LoginTokenIssued) -> None:
    """The mail never holds the token."""
    await _mail_each(uow, event.user_id, "login_token_issued", "New OpenSAFELY login token generated")


async def tell_of_used_login_token(uow: UnitOfWork, event: LoginTokenUsed) -> None:
    await _mail_each(uow, event.user_id, "login_token_used", "OpenSAFELY account login with token")


async def _mail_each(uow: UnitOfWork, user_id: int, template: str, subject: str) -> None:
    """A mail for each time that it happened."""
    # Two workers that count at the same time would make one key for two mails.
    lock = f"login_token:{user_id}"
    await uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(lock))))
    count = await uow.session.scalar(
        select(func.count()).where(Delivery.recipient_id == user_id, Delivery.template == template)
    )
    key = f"user:{user_id}:{template}:{count}"
    await record(uow, [mail(key, user_id, template, subject, {})])
