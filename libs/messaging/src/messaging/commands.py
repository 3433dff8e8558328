"""Commands that every service has: its replicas, its dead letters, its state said again."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
import typer
from kit.cli import AsJson, run
from kit.errors import Conflict, NotFound

from messaging.consumer import dead_letters, replay
from messaging.replicas import Replica, differences, fetch_all, refill, write_all
from messaging.runtime import Runtime
from messaging.states import Source, republish
from messaging.subscriptions import Subscription


def register(
    commands: typer.Typer,
    runtime: Callable[[], Runtime],
    *,
    replicas: Sequence[Replica] = (),
    sources: Mapping[str, Source] | None = None,
    subscriptions: Sequence[Subscription] = (),
) -> None:
    """Adds rebuild_replicas, check_replicas, republish_state, list_dead_letters and replay_dead_letter."""

    async def check() -> dict[str, Any]:
        found: list[str] = []
        async with runtime() as parts:
            for replica in replicas:
                states = await fetch_all(parts.client(_owner(replica), timeout=30), replica)
                async with parts.units() as uow:
                    found += await differences(uow.session, replica, states)
        return {"differences": found, "count": len(found)}

    async def rebuild() -> dict[str, Any]:
        count = 0
        async with runtime() as parts:
            for replica in replicas:
                owner = parts.client(_owner(replica), timeout=30)
                states = await fetch_all(owner, replica)
                async with parts.units() as uow:
                    await refill(uow.session, replica, states)
                # What changed meanwhile may have been written by the consumer and emptied with the rest.
                states = await fetch_all(owner, replica)
                async with parts.units() as uow:
                    await write_all(uow.session, replica, states)
                count += len(states)
        return {"count": count}

    async def republish_all() -> dict[str, Any]:
        async with runtime() as parts:
            return {"count": await republish(parts.units, sources or {})}

    async def letters() -> dict[str, Any]:
        async with runtime() as parts, parts.units() as uow:
            columns = [
                dead_letters.c[name] for name in ("id", "consumer", "subject", "reason", "replayed_at")
            ]
            rows = await uow.session.execute(
                sa.select(*columns).order_by(dead_letters.c.id.desc()).limit(100)
            )
            found = [dict(row._mapping) for row in rows]
        return {"dead_letters": found, "count": len(found)}

    async def replay_one(number: int) -> dict[str, Any]:
        async with runtime() as parts:
            try:
                await replay(parts.units, subscriptions, number)
            except LookupError as exc:
                raise NotFound(f"There is no dead letter {number} that can be replayed.") from exc
            except Exception as exc:  # whatever the handler says; the letter stays as it was
                raise Conflict(f"Dead letter {number} failed again: {exc!r}") from exc
        return {"id": number}

    @commands.command("check_replicas")
    def check_replicas(as_json: AsJson = False) -> None:
        """Compare every replica with its owner."""
        run(check(), as_json, "{count} differences {differences}")

    @commands.command("rebuild_replicas")
    def rebuild_replicas(as_json: AsJson = False) -> None:
        """Empty every replica and fill it from its owner."""
        run(rebuild(), as_json, "{count} rows were written.")

    @commands.command("republish_state")
    def republish_state(as_json: AsJson = False) -> None:
        """Say the state of everything this service owns again."""
        run(republish_all(), as_json, "{count} states were said again.")

    @commands.command("list_dead_letters")
    def list_dead_letters(as_json: AsJson = False) -> None:
        """Messages that were given up, the newest first."""
        run(letters(), as_json, "{count} dead letters {dead_letters}")

    @commands.command("replay_dead_letter")
    def replay_dead_letter(number: int, as_json: AsJson = False) -> None:
        """Handle a message that was given up once more."""
        run(replay_one(number), as_json, "Dead letter {id} was handled.")


def _owner(replica: Replica) -> str:
    return replica.state.thing.split(".")[0]
