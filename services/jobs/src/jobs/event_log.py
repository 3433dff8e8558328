"""The list of all requests: filtered, keyset-paged, counted up to a bound (rulings 1.3.11, 1.5.5)."""

import re
from dataclasses import dataclass
from datetime import date

import orjson
from contracts.statuses import ACTIVE
from kit.db import Database
from kit.errors import Invalid
from kit.paging import PAGE

from jobs.queries import JOINS, ROW
from jobs.searching import Where, search, search_few

_BOUND = 1_000


@dataclass(frozen=True)
class Filter:
    state: str | None = None
    backend: str | None = None
    org: str | None = None
    project: str | None = None
    workspace: str | None = None
    person: str | None = None
    since: str | None = None
    q: str | None = None


def _since(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise Invalid("That is not a date.", fields={"since": ["Use a date like 2026-11-24."]}) from exc


def _conditions(by: Filter) -> Where:
    where = Where()
    if by.backend:
        where.add("r.backend = {}", by.backend)
    if by.workspace:
        where.add("r.workspace = {}", by.workspace)
    if by.project:
        where.add("r.project_id = (select id from known_projects where slug = {})", by.project)
    if by.person:
        where.add("r.created_by_id = (select id from known_users where username = {})", by.person)
    if by.org:
        where.add(
            "r.project_id in (select k.id from known_projects k join known_orgs o on o.id = any(k.org_ids)"
            " where o.slug = {})",
            by.org,
        )
    if by.since:
        where.add("r.created_at >= {}", _since(by.since))
    return where


def _state(where: Where, state: str | None) -> None:
    if state == "active":
        where.add("r.status = any({})", sorted(str(status) for status in ACTIVE))
    elif state:
        where.add("r.status = {}", state)


async def page(database: Database, by: Filter, before: int | None, after: int | None) -> str:
    """A page of RequestList as JSON; counts per state look at the newest thousand that fit, and at none of a
    search."""
    counted = _conditions(by)
    wanted = _conditions(by)
    _state(wanted, by.state)
    if before is not None:
        wanted.add("r.id < {}", before)
    if after is not None:
        wanted.add("r.id > {}", after)
    order = "asc" if after is not None else "desc"
    if by.q:
        counted.parts, counted.args = ["false"], []
        if by.workspace or by.project or by.person:
            source = search_few(wanted, by.q, order, PAGE + 1, by.workspace)
        else:
            source = search(wanted, by.q, order, PAGE + 1)
    else:
        source = f"select r.* from job_requests r where {wanted.sql()} order by r.id {order} limit {PAGE + 1}"
    sql = f"""
    with page as ({_shift(source, len(counted.args))}),
    shown as (select * from page order by id {order} limit {PAGE}),
    newest as (select r.status from job_requests r where {counted.sql()} order by r.id desc limit {_BOUND})
    select json_build_object(
      'rows', coalesce((select json_agg({ROW} order by r.id desc) from shown r {JOINS}), '[]'),
      'backends', (select coalesce(json_agg(json_build_object('slug', slug, 'name', name)
        order by lower(name)), '[]') from known_backends where is_active),
      'more', (select count(*) > {PAGE} from page),
      'first', (select max(id) from shown), 'last', (select min(id) from shown),
      'counts', coalesce((select json_object_agg(status, n) from
        (select status, count(*) as n from newest group by status) c), '{{}}'))::text
    """
    return _cursors(str(await database.fetchval(sql, *counted.args, *wanted.args)), before, after)


def _shift(sql: str, by: int) -> str:
    """Renumber $1, $2 … when another statement's parameters stand before."""
    return re.sub(r"\$(\d+)", lambda found: f"${int(found[1]) + by}", sql)


def _cursors(text: str, before: int | None, after: int | None) -> str:
    answer = orjson.loads(text)
    more, first, last = answer.pop("more"), answer.pop("first"), answer.pop("last")
    if after is not None:
        answer["older"], answer["newer"] = last, first if more else None
    else:
        answer["older"], answer["newer"] = last if more else None, first if before else None
    return orjson.dumps(answer).decode()
