"""Sends deliveries: claimed with a lease, in order within a lane, back-off, a written end (style #12)."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from clients.identity import Contact, IdentityClient
from contracts.notifications import Delivered, GivenUp
from kit import clock
from kit.errors import AppError
from kit.logging import get
from messaging.uow import Units
from sqlalchemy import select, text

from notifications.channels import Failed
from notifications.channels.email import EmailChannel
from notifications.channels.github import GitHubChannel
from notifications.channels.slack import SlackChannel
from notifications.models import Delivery
from notifications.render import OnGitHub

log = get()
CHANNELS = ("email", "github", "slack")
_BATCH = 64
_LEASE = 120
_WITHIN = 60  # seconds for one delivery; well before others may take it
_BACKOFF = (1, 2, 5, 10, 30, 60, 120, 300, 900, 3600)
_GIVE_UP = timedelta(hours=24)

# In a lane each channel keeps its order. Slack waits for GitHub's comment, to link to it, until GitHub has
# failed three times: people see the change either way (spec/notifications.md §1.5).
_CLAIM = text("""
update deliveries set attempts = attempts + 1, lease = :lease,
  next_attempt_at = now() + make_interval(secs => :seconds)
where id in (
  select d.id from deliveries d
  where d.status = 'waiting' and d.channel = :channel and d.next_attempt_at <= now()
    and not exists (select from deliveries e
      where e.lane = d.lane and e.status = 'waiting' and e.id < d.id and e.channel = d.channel)
    and (d.channel <> 'slack' or not exists (select from (
      select e.attempts, e.last_error from deliveries e
      where e.lane = d.lane and e.status = 'waiting' and e.id < d.id and e.channel = 'github'
      order by e.id limit 1) head where head.attempts < 3 or head.last_error is null))
  order by d.next_attempt_at limit :batch for update skip locked)
returning id
""")

_ON_GITHUB = text("""
select mine.url, coalesce(mine.last_error, (select e.last_error from deliveries e
  where e.lane = mine.lane and e.status = 'waiting' and e.channel = 'github' order by e.id limit 1)) as error
from deliveries mine where mine.key = :key and mine.channel = 'github'
""")


@dataclass(frozen=True)
class Outcome:
    """`url`: where it can be seen. `error`: why it did not arrive."""

    url: str | None = None
    error: str | None = None
    pause: float = 0
    for_good: bool = False


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
        """Each channel by itself, so that a slow one holds up no other."""
        async with asyncio.TaskGroup() as group:
            for channel in CHANNELS:
                group.create_task(self._serve(channel))

    async def _serve(self, channel: str) -> None:
        while True:
            while await self.once(channel):
                pass
            await asyncio.sleep(0.5)

    async def once(self, channel: str) -> int:
        """Send what is due; how many were tried."""
        lease = secrets.token_hex(8)
        async with self._units() as uow:
            values = {"channel": channel, "lease": lease, "seconds": _LEASE, "batch": _BATCH}
            ids = list((await uow.session.execute(_CLAIM, values)).scalars())
            if not ids:
                return 0
            found = await uow.session.scalars(
                select(Delivery).where(Delivery.id.in_(ids)).order_by(Delivery.id)
            )
            deliveries = list(found)
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
        self, delivery: Delivery, contacts: Mapping[int, Contact], trouble: str | None
    ) -> Outcome:
        url = None
        try:
            async with asyncio.timeout(_WITHIN):
                if delivery.channel == "email":
                    if trouble:
                        raise Failed(trouble)
                    await self._email.send(delivery, contacts.get(delivery.recipient_id or 0))
                elif delivery.channel == "slack":
                    await self._slack.send(delivery, await self._on_github(delivery))
                else:
                    url = await self._github.send(delivery)
        except TimeoutError:
            return Outcome(error=f"It took longer than {_WITHIN} seconds.")
        except Failed as exc:
            log.warning("not delivered", delivery=delivery.id, channel=delivery.channel, error=str(exc))
            return Outcome(error=str(exc), pause=exc.pause, for_good=exc.for_good)
        except Exception as exc:  # one broken delivery must not stop the others
            log.exception("delivery broke", delivery=delivery.id)
            return Outcome(error=f"{type(exc).__name__}: {exc}")
        return Outcome(url=url)

    async def _on_github(self, delivery: Delivery) -> OnGitHub:
        """What became of the comment about the same event."""
        async with self._units() as uow:
            key = delivery.key.removesuffix("slack") + "github"
            row = (await uow.session.execute(_ON_GITHUB, {"key": key})).one_or_none()
        return OnGitHub() if row is None else OnGitHub(row.url, None if row.url else row.error)

    async def _mark(self, lease: str, outcomes: Mapping[int, Outcome]) -> None:
        """Only what is still ours: whoever lost the lease changes nothing."""
        now = clock.now()
        async with self._units() as uow:
            query = select(Delivery).where(Delivery.id.in_(outcomes), Delivery.lease == lease)
            for delivery in await uow.session.scalars(query.with_for_update()):
                outcome = outcomes[delivery.id]
                delivery.lease, delivery.last_error = None, outcome.error
                if outcome.error is None:
                    delivery.status, delivery.delivered_at, delivery.url = "delivered", now, outcome.url
                    uow.publish(Delivered(delivery_id=delivery.id, channel=delivery.channel))
                elif outcome.for_good or now - delivery.created_at > _GIVE_UP:
                    delivery.status = "given_up"
                    log.error("delivery given up", delivery=delivery.id, error=outcome.error)
                    uow.publish(
                        GivenUp(delivery_id=delivery.id, channel=delivery.channel, reason=outcome.error)
                    )
                else:
                    pause = max(_BACKOFF[min(delivery.attempts, len(_BACKOFF)) - 1], outcome.pause)
                    delivery.next_attempt_at = now + timedelta(seconds=pause)
