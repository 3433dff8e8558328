"""Sends deliveries: claimed with a lease, in order within a lane, back-off, a written end (style #12)."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from clients.identity import Contact, IdentityClient
from contracts.notifications import Delivered, GivenUp
from kit.errors import AppError
from kit.logging import get
from messaging.uow import Units
from sqlalchemy import select, text

from notifications.channels import Failed
from notifications.channels.email import EmailChannel
from notifications.channels.github import GitHubChannel
from notifications.channels.slack import SlackChannel
from notifications.models import Delivery

log = get()
_BATCH = 64
_LEASE = 120
_BACKOFF = (1, 2, 5, 10, 30, 60, 120, 300, 900, 3600)
_GIVE_UP = timedelta(hours=24)

# Only the first waiting delivery of each lane may go; the others wait behind it.
_CLAIM = text("""
update deliveries set attempts = attempts + 1, lease = :lease,
  next_attempt_at = now() + make_interval(secs => :seconds)
where id in (
  select d.id from deliveries d
  where d.status = 'waiting' and d.next_attempt_at <= now()
    and (d.lane is null or not exists (select from deliveries e
      where e.lane = d.lane and e.status = 'waiting' and e.id < d.id))
  order by d.next_attempt_at limit :batch for update skip locked)
returning id
""")


class Dispatcher:
    def __init__(
        self,
        units: Units,
        identity: IdentityClient,
        email: EmailChannel,
        slack: SlackChannel,
        github: GitHubChannel,
    ) -> None:
        self._units = units
        self._identity = identity
        self._email = email
        self._slack = slack
        self._github = github

    async def run(self) -> None:
        while True:
            while await self.once():
                pass
            await asyncio.sleep(0.5)

    async def once(self) -> int:
        """Send what is due; how many were tried."""
        lease = secrets.token_hex(8)
        async with self._units() as uow:
            values = {"lease": lease, "seconds": _LEASE, "batch": _BATCH}
            ids = list((await uow.session.execute(_CLAIM, values)).scalars())
            found = await uow.session.scalars(
                select(Delivery).where(Delivery.id.in_(ids)).order_by(Delivery.id)
            )
            deliveries = list(found)
        if not deliveries:
            return 0
        contacts, trouble = await self._contacts(deliveries)
        outcomes = await asyncio.gather(*(self._send(d, contacts, trouble) for d in deliveries))
        await self._mark(lease, dict(zip([d.id for d in deliveries], outcomes, strict=True)))
        return len(deliveries)

    async def _contacts(self, deliveries: Sequence[Delivery]) -> tuple[dict[int, Contact], str | None]:
        """Addresses are asked of identity now and kept nowhere (rulings 2.28)."""
        wanted = sorted({d.recipient_id for d in deliveries if d.recipient_id is not None})
        if not wanted:
            return {}, None
        try:
            return {c.user_id: c for c in await self._identity.contacts(wanted)}, None
        except AppError as exc:
            return {}, exc.detail

    async def _send(
        self, delivery: Delivery, contacts: dict[int, Contact], trouble: str | None
    ) -> str | None:
        """None when it arrived, otherwise why not."""
        try:
            if delivery.channel == "email":
                if trouble:
                    raise Failed(trouble)
                await self._email.send(delivery, contacts.get(delivery.recipient_id or 0))
            elif delivery.channel == "slack":
                request = delivery.context.get("request")
                await self._slack.send(delivery, await self._github.link(request) if request else None)
            else:
                await self._github.send(delivery)
        except Failed as exc:
            log.warning("not delivered", delivery=delivery.id, channel=delivery.channel, error=str(exc))
            return str(exc)
        except Exception as exc:  # one broken delivery must not stop the others
            log.exception("delivery broke", delivery=delivery.id)
            return f"{type(exc).__name__}: {exc}"
        return None

    async def _mark(self, lease: str, outcomes: dict[int, str | None]) -> None:
        """Only what is still ours: whoever lost the lease changes nothing."""
        now = datetime.now(UTC)
        async with self._units() as uow:
            query = select(Delivery).where(Delivery.id.in_(outcomes), Delivery.lease == lease)
            for delivery in await uow.session.scalars(query.with_for_update()):
                error = outcomes[delivery.id]
                delivery.lease, delivery.last_error = None, error
                if error is None:
                    delivery.status, delivery.delivered_at = "delivered", now
                    uow.publish(Delivered(delivery_id=delivery.id, channel=delivery.channel))
                elif now - delivery.created_at > _GIVE_UP:
                    delivery.status = "given_up"
                    uow.publish(GivenUp(delivery_id=delivery.id, channel=delivery.channel, reason=error))
                else:
                    pause = _BACKOFF[min(delivery.attempts, len(_BACKOFF)) - 1]
                    delivery.next_attempt_at = now + timedelta(seconds=pause)
