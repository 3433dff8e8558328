"""Local copies of what others own: `known_<thing>`, written only here (ADR 1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import msgspec
import sqlalchemy as sa
from contracts.base import State
from kit import http
from kit.errors import Unavailable
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from messaging.subscriptions import Subscription
from messaging.topology import STATE
from messaging.uow import UnitOfWork

S = TypeVar("S", bound=State)
_PAGE = 500


@dataclass(frozen=True)
class Replica:
    """The columns of `model` mirror the fields of `state` that have their names; one without is an error."""

    state: type[State]
    model: sa.FromClause

    def __post_init__(self) -> None:
        if unknown := {column.name for column in self.model.c} - set(self.state.__struct_fields__):
            raise TypeError(f"{self.state.__name__} has no {', '.join(sorted(unknown))}")

    @property
    def table(self) -> sa.Table:
        return cast(sa.Table, self.model)

    @property
    def columns(self) -> tuple[str, ...]:
        """All but `id` and `version`, which are always kept."""
        return tuple(column.name for column in self.model.c if column.name not in {"id", "version"})

    def values(self, state: State) -> dict[str, Any]:
        return {name: getattr(state, name) for name in ("id", "version", *self.columns)}


async def write(session: AsyncSession, replica: Replica, states: Sequence[State]) -> None:
    """Newest version wins; an older message changes nothing; a deleted thing goes."""
    newest: dict[int, State] = {}
    for state in states:
        if state.id not in newest or newest[state.id].version < state.version:
            newest[state.id] = state
    table = replica.table
    gone = [state.id for state in newest.values() if state.deleted]
    if gone:
        await session.execute(sa.delete(table).where(table.c.id.in_(gone)))
    if kept := [replica.values(state) for state in newest.values() if not state.deleted]:
        statement = insert(table).values(kept)
        changes = {name: statement.excluded[name] for name in ("version", *replica.columns)}
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=[table.c.id],
                set_=changes,
                where=table.c.version < statement.excluded.version,
            )
        )


def subscription(service: str, replicas: Sequence[Replica]) -> Subscription:
    """The one consumer that keeps all replicas of a service."""

    def handler(replica: Replica) -> Any:
        async def keep(uow: UnitOfWork, states: Sequence[State]) -> None:
            await write(uow.session, replica, states)

        return keep

    return Subscription(
        name=f"{service}-replicas",
        stream=STATE,
        batches={replica.state: handler(replica) for replica in replicas},
    )


async def fetch_states(owner: http.Client, kind: type[S], *, after: int = 0) -> list[S]:
    """One page of what the owner says now, by id."""
    answer = await owner.get(f"/state/{kind.thing.split('.')[1]}", params={"after": after, "limit": _PAGE})
    return msgspec.json.decode(answer.body, type=list[kind])  # type: ignore[valid-type]


async def fetch_all(owner: http.Client, replica: Replica) -> list[State]:
    """Everything the owner says now; ask before a transaction, not in one."""
    found: list[State] = []
    while page := await fetch_states(owner, replica.state, after=found[-1].id if found else 0):
        found += page
    return found


async def refill(session: AsyncSession, replica: Replica, states: Sequence[State]) -> None:
    """These and no others."""
    await session.execute(sa.delete(replica.table))
    await write_all(session, replica, states)


async def write_all(session: AsyncSession, replica: Replica, states: Sequence[State]) -> None:
    for first in range(0, len(states), _PAGE):
        await write(session, replica, states[first : first + _PAGE])


async def differences(session: AsyncSession, replica: Replica, states: Sequence[State]) -> list[str]:
    """What stands here and not at the owner, or the other way round; empty when all is well."""
    theirs = {state.id: replica.values(state) for state in states if not state.deleted}
    names = ("id", "version", *replica.columns)
    rows = await session.execute(sa.select(*(replica.table.c[name] for name in names)))
    ours = {row.id: dict(row._mapping) for row in rows}
    return [
        f"{replica.state.thing} {key}: here {ours.get(key)}, there {theirs.get(key)}"
        for key in sorted(ours.keys() | theirs.keys())
        if ours.get(key) != theirs.get(key)
    ]


async def on_miss(
    units: Any, replica: Replica, owner: http.Client, by: Mapping[str, str | int]
) -> State | None:
    """A thing made a moment ago may not have arrived: ask its owner once, for at most a second.

    `by` is the key the owner looks up (`{"name": …}`, `{"slug": …}`, `{"id": …}`). None when it knows no such
    thing; raises Unavailable when it does not say.
    """
    answer = await owner.request(
        "GET",
        f"/state/{replica.state.thing.split('.')[1]}",
        params={**by, "limit": 1},
        timeout=1,
        repeatable=False,
    )
    if answer.status >= 500:
        raise Unavailable(f"The {owner.name} service has trouble of its own just now.")
    if answer.status != 200:
        return None
    found: list[State] = msgspec.json.decode(answer.body, type=list[replica.state])  # type: ignore[name-defined]
    if not found:
        return None
    async with units() as uow:
        await write(uow.session, replica, found)
    return found[0]
