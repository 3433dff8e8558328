"""Requests found by text, by as much work for a million of them as for ten (J53).

A text is part of an action's name, or the beginning of a job's identifier or of a commit, or a RAP id or the
number of a request. Names are few: each that fits leads by an index to its newest requests.
"""

from kit.db import contains
from kit.lists import Where

_NAMES = 100  # that fit a text; whoever writes one letter does not look for the hundred and first
_EACH, _CANDIDATES = 200, 2_000  # newest requests of a name, and of all that fit a text


def _bounds(wanted: Where) -> str:
    """Those that only say before or after which request; they are written so that they begin with its id."""
    return " and ".join(part for part in wanted.parts if part.startswith("r.id ")) or "true"


def is_word(text: str, least: int) -> bool:
    """Whether an identifier or a commit could begin so, told by so many of its signs."""
    return text.isascii() and text.isalnum() and len(text) >= least


def _ids(wanted: Where, text: str) -> str:
    """Requests whose number, RAP id, commit or one of whose jobs is meant, each found by an index."""
    word = text.lower()
    number = wanted.place(int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else -1)
    found = f"""select {number}::bigint as id union select id from job_requests
      where rap_id = {wanted.place(word)}"""
    if is_word(word, 4):
        low, high = wanted.place(word), wanted.place(word + "\x7f")
        found += f""" union (select job_request_id from jobs where identifier >= {low} and identifier < {high}
          limit {_CANDIDATES})"""
        if is_word(word, 7):
            found += f""" union (select id from job_requests where sha ~>=~ {low}
              and sha ~<~ {high} limit {_CANDIDATES})"""
    return found


def search(wanted: Where, text: str, order: str, limit: int) -> str:
    """A statement for whole rows of job_requests that fit `wanted` too; its values are added there.

    Of a name that fits the newest requests are looked at, 2,000 of all names at most.
    """
    conditions, bounds = wanted.sql(), _bounds(wanted)
    by_name = wanted.place(contains(text))
    each = limit if conditions == bounds else _EACH
    return f"""
      with named as (select x.id from (select distinct action from action_status where action ilike {by_name}
          limit {_NAMES}) n cross join lateral (select r.job_request_id as id from jobs r
          where r.action = n.action and {bounds.replace("r.id", "r.job_request_id")}
          order by r.job_request_id {order} limit {each}) x),
      candidates as (select id from (select id from named union {_ids(wanted, text)}) f
        order by id {order} limit {_CANDIDATES})
      select r.* from job_requests r where r.id = any(array(select id from candidates)) and {conditions}
      order by r.id {order} limit {limit}"""


def search_few(where: Where, text: str, workspace: str | None) -> str:
    """The same where the other conditions leave few requests, so that all of them are looked through: what
    stands before such a statement, with one more condition."""
    by_name = where.place(contains(text))
    here = f"and workspace = {where.place(workspace)}" if workspace else ""
    ids = _ids(where, text)
    where.parts.append(
        """(r.id in (select id from ids) or (select exists (select from names)) and (select true from jobs j
          where j.job_request_id = r.id and j.action in (select action from names) limit 1))"""
    )
    return f"""
      with names as materialized (select distinct action from action_status
          where action ilike {by_name} {here} limit {_NAMES}),
      ids as materialized ({ids})
      """
