"""The list of all requests: filtered, keyset-paged, counted up to a bound (J52, J53)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from contracts.statuses import ACTIVE
from kit.db import Database
from kit.errors import Invalid
from kit.lists import Where

from jobs import names
from jobs.queries import JOINS, ROW
from jobs.searching import search, search_few

_BOUND = 1_000
# Requests are numbered in the order of their time, up to clocks that differ by less than this.
_SLACK = timedelta(days=1)
_BEFORE = "coalesce((select id from job_requests where created_at <= {} order by created_at desc limit 1), 0)"
_AFTER = (
    f"coalesce((select id from job_requests where created_at >= {{}} order by created_at limit 1), {2**62})"
)
_NAMED = {"backend", "workspace"}  # the others are ids
_COLUMNS = {
    "backend": "backend",
    "workspace": "workspace",
    "project": "project_id",
    "person": "created_by_id",
}


@dataclass(frozen=True)
class Filter:
    """`of` is a workspace's exact name; the others may be part of a name."""

    state: str | None = None
    backend: str | None = None
    org: str | None = None
    project: str | None = None
    workspace: str | None = None
    person: str | None = None
    since: str | None = None
    until: str | None = None
    q: str | None = None
    of: str | None = None


@dataclass(frozen=True)
class Meant:
    """A filter with its names resolved; `spread` is (column, values) of one that means several things."""

    conditions: list[tuple[str, Any]]
    spread: tuple[str, list[Any]] | None
    few: bool  # the requests of a person, project or workspace

    def where(self, beside: Where | None = None) -> Where:
        where = Where(beside)
        for condition, value in self.conditions:
            where.add(condition, value)
        return where


def _day(name: str, text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as exc:
        raise Invalid("That is not a date.", fields={name: ["Use a date like 2026-11-24."]}) from exc


def _period(by: Filter) -> list[tuple[str, Any]]:
    """The days as they are, and as ids, which bound what is looked through."""
    since = _day("since", by.since) if by.since else None
    until = _day("until", by.until) if by.until else None
    if since and until and since > until:
        raise Invalid("Those dates leave no day.", fields={"until": ["The last day is before the first."]})
    found: list[tuple[str, Any]] = []
    if since:
        found += [("r.created_at >= {}", since), (f"r.id > {_BEFORE}", since - _SLACK)]
    if until:
        end = until + timedelta(days=1)
        found += [("r.created_at < {}", end), (f"r.id < {_AFTER}", end + _SLACK)]
    return found


async def _meant(database: Database, by: Filter) -> Meant:
    conditions, spread = _period(by), None
    if by.of:
        conditions.append(("r.workspace = {}", by.of))
    if by.org:
        orgs = await names.meant(database, "org", by.org)
        conditions.append(
            ("r.project_id in (select k.id from known_projects k where k.org_ids && {}::bigint[])", orgs)
        )
    for kind, column in _COLUMNS.items():
        if not (text := getattr(by, kind)):
            continue
        values = await names.meant(database, kind, text)
        if not values and column in _NAMED:  # a request may come before what it names
            values = [text]
        if len(values) == 1:
            conditions.append((f"r.{column} = {{}}", values[0]))
        elif spread is None:
            spread = (column, values)
        else:
            conditions.append((f"r.{column} = any({{}})", values))
    return Meant(conditions, spread, few=bool(by.of or by.workspace or by.project or by.person))


def _state(where: Where, state: str | None) -> None:
    if state == "active":
        where.add("r.status = any({})", sorted(str(status) for status in ACTIVE))
    elif state:
        where.add("r.status = {}", state)


def _source(where: Where, spread: tuple[str, list[Any]] | None, order: str, limit: int, each: int) -> str:
    """Requests by an index: of several people, projects … at most `each` of every one."""
    if spread is None:
        return f"select r.* from job_requests r where {where.sql()} order by r.id {order} limit {limit}"
    column, values = spread
    kind = "text" if column in _NAMED else "bigint"
    conditions = where.sql()
    return f"""select r.* from unnest({where.place(values)}::{kind}[]) as k(key) cross join lateral (
      select r.* from job_requests r where r.{column} = k.key and {conditions}
      order by r.id {order} limit {each}) r order by r.id {order} limit {limit}"""


async def page(database: Database, by: Filter, before: int | None, after: int | None, size: int) -> str:
    """A page of RequestList as JSON; counts per state look at the newest thousand that fit, and at none of a
    search."""
    meant = await _meant(database, by)
    counted = Where() if by.q else meant.where()
    wanted = meant.where(counted)
    _state(wanted, by.state)
    if before is not None:
        wanted.add("r.id < {}", before)
    if after is not None:
        wanted.add("r.id > {}", after)
    order = "asc" if after is not None else "desc"
    if by.q:
        if meant.spread:
            wanted.add(f"r.{meant.spread[0]} = any({{}})", meant.spread[1])
        newest = "select r.* from job_requests r where false"
        if meant.few:
            source = search_few(wanted, by.q, order, size + 1, by.of)
        else:
            source = search(wanted, by.q, order, size + 1)
    else:
        source = _source(wanted, meant.spread, order, size + 1, size + 1)
        each = _BOUND // max(1, len(meant.spread[1])) if meant.spread else _BOUND
        newest = _source(counted, meant.spread, "desc", _BOUND, each)
    sql = f"""
    with page as ({source}),
    shown as (select * from page order by id {order} limit {size:d}),
    newest as ({newest})
    select json_build_object(
      'rows', coalesce((select json_agg({ROW} order by r.id desc) from shown r {JOINS}), '[]'),
      'more', (select count(*) > {size:d} from page),
      'first', (select max(id) from shown), 'last', (select min(id) from shown),
      'counts', coalesce((select json_object_agg(status, n) from
        (select status, count(*) as n from newest group by status) c), '{{}}'))::text
    """
    return _cursors(str(await database.fetchval(sql, *wanted.args)), before, after)


def _cursors(text: str, before: int | None, after: int | None) -> str:
    answer = orjson.loads(text)
    more, first, last = answer.pop("more"), answer.pop("first"), answer.pop("last")
    if after is not None:
        answer["older"], answer["newer"] = last, first if more else None
    else:
        answer["older"], answer["newer"] = last if more else None, first if before else None
    return orjson.dumps(answer).decode()
