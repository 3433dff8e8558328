"""Sends deliveries: claimed with a lease, in order within a lane, back-off, a written end (ADR 13)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from clients.identity import Contact, IdentityClient
from contracts.notifications import Delivered, GivenUp
from kit import clock
from kit.batching import Batcher
from kit.errors import AppError
from kit.logging import get
from kit.words import DETAIL, STATUS_MESSAGE, cut
from messaging.queue import Queue
from messaging.uow import UnitOfWork, Units
from sqlalchemy import select, text

from notifications.channels import Failed
from notifications.channels.email import EmailChannel
from notifications.channels.github import GitHubChannel
from notifications.channels.slack import SlackChannel
from notifications.models import Delivery
from notifications.render import OnGitHub

log = get()
CHANNELS = ("email", "github", "slack")
_WITHIN = 60  # seconds for one delivery
_BACKOFF = (1, 2, 5, 10, 30, 60, 120, 300, 900, 3600)
_GIVE_UP = timedelta(hours=24)

# In a lane each channel keeps its order. Slack waits for GitHub's comment, to link to it, until GitHub has
# failed three times: people see the change either way (N26).
_CLAIM = text("""
update deliveries set attempts = attempts + 1, lease = gen_random_uuid()::text,
  leased_until = now() + make_interval(secs => :seconds)
where id in (
  select d.id from deliveries d
  where d.status = 'waiting' and d.channel = :channel and d.next_attempt_at <= now()
    and (d.leased_until is null or d.leased_until <= now())
    and not exists (select from deliveries e
      where e.lane = d.lane and e.status = 'waiting' and e.id < d.id and e.channel = d.channel)
    and (d.channel <> 'slack' or not exists (select from (
      select e.attempts, e.last_error from deliveries e
      where e.lane = d.lane and e.status = 'waiting' and e.id < d.id and e.channel = 'github'
      order by e.id limit 1) head where head.attempts < 3 or head.last_error is null))
  order by d.next_attempt_at limit :free for update skip locked)
returning *
""").columns(*Delivery.__table__.columns)

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
        slots: int = 16,
    ) -> None:
        self._units = units
        self._identity = identity
        self._email = email
        self._slack = slack
        self._github = github
        self._contact = Batcher(self._contacts)
        self._mark = Batcher(self._mark_all)
        self._queues = {
            channel: Queue(units, "deliveries", _CLAIM, self._serve, slots=slots, values={"channel": channel})
            for channel in CHANNELS
        }

    async def run(self) -> None:
        """Each channel by itself, so that a slow one holds up no other."""
        try:
            async with asyncio.TaskGroup() as group:
                for queue in self._queues.values():
                    group.create_task(queue.run(pause=0.5))
        finally:
            await self._mark.settled()  # what was sent is written down

    async def once(self, channel: str) -> int:
        """Send what is due, as far as there are slots; how many were tried."""
        return await self._queues[channel].once()

    async def _serve(self, row: sa.Row[Any]) -> None:
        delivery = Delivery(**row._mapping)
        await self._mark((delivery, await self._send(delivery)))

    async def _contacts(self, people: Sequence[int]) -> Sequence[Contact | None]:
        """Addresses are asked of identity now and kept nowhere (N5)."""
        found = {c.user_id: c for c in await self._identity.contacts(sorted(set(people)))}
        return [found.get(person) for person in people]

    async def _mail(self, delivery: Delivery) -> None:
        try:
            to = await self._contact(delivery.recipient_id) if delivery.recipient_id is not None else None
        except AppError as exc:
            raise Failed(exc.detail) from exc
        await self._email.send(delivery, to)

    async def _send(self, delivery: Delivery) -> Outcome:
        url = None
        try:
            async with asyncio.timeout(_WITHIN):
                if delivery.channel == "email":
                    await self._mail(delivery)
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

    async def _mark_all(self, sent: Sequence[tuple[Delivery, Outcome]]) -> Sequence[None]:
        """Only what is still ours: whoever lost the lease changes nothing."""
        leases = {delivery.lease: outcome for delivery, outcome in sent}
        async with self._units() as uow:
            query = select(Delivery).where(
                Delivery.id.in_([delivery.id for delivery, _ in sent]), Delivery.lease.in_(leases)
            )
            for delivery in await uow.session.scalars(query.with_for_update()):
                self._note(uow, delivery, leases[delivery.lease])
        return [None] * len(sent)

    def _note(self, uow: UnitOfWork, delivery: Delivery, outcome: Outcome) -> None:
        now = clock.now()
        delivery.lease = delivery.leased_until = None
        delivery.last_error = outcome.error and cut(outcome.error, DETAIL)
        if outcome.error is None:
            delivery.status, delivery.delivered_at, delivery.url = "delivered", now, outcome.url
            uow.publish(Delivered(delivery_id=delivery.id, channel=delivery.channel))
        elif outcome.for_good or now - delivery.created_at > _GIVE_UP:
            delivery.status = "given_up"
            log.error("delivery given up", delivery=delivery.id, error=outcome.error)
            reason = cut(outcome.error, STATUS_MESSAGE)
            uow.publish(GivenUp(delivery_id=delivery.id, channel=delivery.channel, reason=reason))
        else:
            pause = max(_BACKOFF[min(delivery.attempts, len(_BACKOFF)) - 1], outcome.pause)
            delivery.next_attempt_at = now + timedelta(seconds=pause)
