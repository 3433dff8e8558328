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
# As arrays, which the planner takes for bounds that leave much: of two plain ones it expects next to nothing.
_SINCE = """r.id > any(array(select coalesce(
  (select id from job_requests where created_at <= {} order by created_at desc limit 1), 0)))"""
_UNTIL = f"""r.id < any(array(select coalesce(
  (select id from job_requests where created_at >= {{}} order by created_at limit 1), {2**62})))"""
_FEW = {"active", *ACTIVE}
_WITH_STATE = {"project_id", "backend"}  # where there may be many, so there is an index with the state
_BY_NAME = {"backend", "workspace"}  # the others by id
# The fewest requests of one first: these are looked through for what the other conditions leave.
_COLUMNS = {
    "workspace": "workspace",
    "person": "created_by_id",
    "project": "project_id",
    "backend": "backend",
}
_OF_ORGS = "select id from known_projects where org_ids && $1::bigint[]"
_ROUGHLY = 4  # times as many as a page has are looked at to learn how far back it goes


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
class Among:
    """One of these values in a column that an index has before the id."""

    column: str
    values: list[Any]

    def rows(self, where: Where) -> str:
        """`k` with a `key` for each value, to select from."""
        kind = "bigint" if self.column.endswith("_id") else "text"
        return f"unnest({where.place(self.values)}::{kind}[]) k(key)"


@dataclass(frozen=True)
class Meant:
    """A filter with its names resolved."""

    since: datetime | None
    until: datetime | None
    among: list[Among]
    few: bool  # the requests of a person, project or workspace


def _day(name: str, text: str) -> datetime:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        day = None
    if day is None or not 1900 <= day.year < 3000:  # at the ends of the calendar no day has a neighbour
        raise Invalid("That is not a date.", fields={name: ["Use a date like 2026-11-24."]})
    return day


async def _meant(database: Database, by: Filter) -> Meant:
    since = _day("since", by.since) if by.since else None
    until = _day("until", by.until) if by.until else None
    if since and until and since > until:
        raise Invalid("Those dates leave no day.", fields={"until": ["The last day is before the first."]})
    among = [Among("workspace", [by.of])] if by.of else []
    for kind, column in _COLUMNS.items():
        if text := getattr(by, kind):
            values = await names.meant(database, kind, text)
            if not values and kind in _BY_NAME:  # a request may come before what it names
                values = [text]
            among.append(Among(column, values))
        if kind == "project" and by.org:
            orgs = await names.meant(database, "org", by.org)
            among.append(Among("project_id", [row["id"] for row in await database.fetch(_OF_ORGS, orgs)]))
    few = bool(by.of or by.workspace or by.project or by.person)
    return Meant(since, until and until + timedelta(days=1), among, few)


class _Wanted:
    """The conditions of one part of the statement, and the way by an index to the requests that fit.

    One plan serves all values, so it must be good for each: the first column that is asked for leads the
    way, in the order of its index, and the others are hidden by `is true` from a planner that would take
    whatever they leave for little.
    """

    def __init__(self, meant: Meant, beside: Where | None = None) -> None:
        self.where = Where(beside)
        self._among = list(meant.among)
        if meant.since:
            self._filter("r.created_at >= {}", meant.since)
            self.where.add(_SINCE, meant.since - _SLACK)
        if meant.until:
            self._filter("r.created_at < {}", meant.until)
            self.where.add(_UNTIL, meant.until + _SLACK)

    def turn(self, before: int | None, after: int | None) -> None:
        if before is not None:
            self.where.add("r.id < {}", before)
        if after is not None:
            self.where.add("r.id > {}", after)

    def state(self, state: str) -> None:
        """What is active is little; of the others much, so it is looked for in a place if one is given."""
        if not self._among or state in _FEW:
            values = sorted(map(str, ACTIVE)) if state == "active" else [state]
            self._among.insert(0, Among("status", values))
        elif self._among[0].column in _WITH_STATE:
            self.where.add("r.status = {}", state)
        else:
            self._filter("r.status = {}", state)

    def all(self) -> Where:
        """Every condition in one, for a search."""
        self._filter_by(self._among)
        return self.where

    def source(self, order: str, limit: int) -> str:
        """A statement for whole rows: those that come first of all that fit."""
        if not self._among:
            return f"""select r.* from job_requests r where {self.where.sql()}
              order by r.id {order} limit {limit}"""
        first, *others = self._among
        self._filter_by(others)
        keys, column = first.rows(self.where), f"r.{first.column}"
        fits = f"{column} = any(array[k.key]) and {self.where.sql()}"

        def of_each(count: int) -> str:
            """As a parameter, which the planner takes for a small part of what there is."""
            by = f"{column} {'' if order == 'desc' else 'desc'}, r.id {order}"
            return f"""select r.id from {keys} cross join lateral (
              select r.id from job_requests r where {fits} order by {by}
              limit {self.where.place(count)}::int) r order by r.id {order}"""

        few = _ROUGHLY * limit // max(1, len(first.values))
        if few < limit:  # the last that can be on the page: no worse than the last among so many of each
            end, none = (">=", 0) if order == "desc" else ("<=", 2**62)
            last = f"{of_each(max(1, few))} limit 1 offset {limit - 1}"
            fits += f" and r.id {end} any(array(select coalesce(({last}), {none})))"
        return f"select r.* from job_requests r where r.id = any(array({of_each(limit)} limit {limit}))"

    def _filter(self, condition: str, value: Any) -> None:
        self.where.add(f"({condition}) is true", value)

    def _filter_by(self, among: list[Among]) -> None:
        for one in among:
            self.where.parts.append(f"(r.{one.column} in (select key from {one.rows(self.where)})) is true")


async def page(database: Database, by: Filter, before: int | None, after: int | None, size: int) -> str:
    """A page of RequestList as JSON; counts per state look at the newest thousand that fit, and at none of a
    search."""
    meant = await _meant(database, by)
    order = "asc" if after is not None else "desc"
    wanted = _Wanted(meant)
    wanted.turn(before, after)
    if by.state:
        wanted.state(by.state)
    if by.q:
        newest = "select r.* from job_requests r where false"
        if meant.few:
            source = search_few(wanted.where, by.q, by.of) + wanted.source(order, size + 1)
        else:
            source = search(wanted.all(), by.q, order, size + 1)
    else:
        source = wanted.source(order, size + 1)
        newest = _Wanted(meant, wanted.where).source("desc", _BOUND)
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
    return _cursors(str(await database.fetchval(sql, *wanted.where.args)), before, after)


def _cursors(text: str, before: int | None, after: int | None) -> str:
    answer = orjson.loads(text)
    more, first, last = answer.pop("more"), answer.pop("first"), answer.pop("last")
    if after is not None:
        answer["older"], answer["newer"] = last, first if more else None
    else:
        answer["older"], answer["newer"] = last if more else None, first if before else None
    return orjson.dumps(answer).decode()
