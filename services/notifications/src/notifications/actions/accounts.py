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


async def tell_of_login_token(uow: UnitOfWork, event: LoginTokenIssued | LoginTokenUsed) -> None:
    """The mail never holds the token; every making and every use is told."""
    used = isinstance(event, LoginTokenUsed)
    template = "login_token_used" if used else "login_token_issued"
    subject = "OpenSAFELY account login with token" if used else "New OpenSAFELY login token generated"
    # Two workers that count at the same time would make one key for two mails.
    lock = f"login_token:{event.user_id}"
    await uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(lock))))
    count = await uow.session.scalar(
        select(func.count()).where(Delivery.recipient_id == event.user_id, Delivery.template == template)
    )
    key = f"user:{event.user_id}:{template}:{count}"
    await record(uow, [mail(key, event.user_id, template, subject, {})])
