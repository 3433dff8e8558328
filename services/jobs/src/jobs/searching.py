"""Requests found by text, by as much work for a million of them as for ten (spec/jobs.md §4.3).

A text is part of an action's name, or the beginning of a job's identifier or of a commit, or a RAP id or the
number of a request. Names are few: each that fits leads by an index to its newest requests.
"""

from typing import Any

from kit.db import contains

_NAMES = 100  # that fit a text; whoever writes one letter does not look for the hundred and first
_EACH, _CANDIDATES = 200, 2_000  # newest requests of a name, and of all that fit a text


class Where:
    """Conditions with their parameters, numbered as PostgreSQL wants them."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.args: list[Any] = []

    def add(self, condition: str, *values: Any) -> None:
        """`{}` in the condition stand for the values."""
        self.parts.append(condition.format(*(self.place(value) for value in values)))

    def place(self, value: Any) -> str:
        """What stands for the value in the statement."""
        self.args.append(value)
        return f"${len(self.args)}"

    def bounds(self) -> str:
        """Those of the conditions that only say before or after which request."""
        return " and ".join(part for part in self.parts if part.startswith("r.id ")) or "true"

    def sql(self) -> str:
        return " and ".join(self.parts) or "true"


def search(wanted: Where, text: str, order: str, limit: int, *, narrow: bool) -> str:
    """A statement for whole rows of job_requests that fit `wanted` too; its values are added there.

    `narrow`: the other conditions leave few requests, which are then looked through; otherwise the newest
    that fit the text are, 2,000 at most.
    """
    conditions, bounds = wanted.sql(), wanted.bounds()
    word = text.lower()
    by_name = wanted.place(contains(text))
    by_number = wanted.place(int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else -1)
    by_rap = wanted.place(word)
    start = ""
    if word.isascii() and word.isalnum() and len(word) >= 4:
        low, high = wanted.place(word), wanted.place(word + "\x7f")
        start = f"""union (select job_request_id from jobs where identifier >= {low} and identifier < {high}
          limit {_CANDIDATES})"""
        if len(word) >= 7:
            start += f""" union (select id from job_requests where sha ~>=~ {low}
              and sha ~<~ {high} limit {_CANDIDATES})"""
    if narrow:
        return f"""select r.* from job_requests r where {conditions}
          and (r.id = {by_number} or r.rap_id = {by_rap} or exists (select from jobs j
            where j.job_request_id = r.id and (j.action ilike {by_name}
              or starts_with(j.identifier, {by_rap})))) order by r.id {order} limit {limit}"""
    each = limit if conditions == bounds else _EACH
    return f"""
      with named as (select x.id from (select distinct action from action_status where action ilike {by_name}
          limit {_NAMES}) n cross join lateral (select r.job_request_id as id from jobs r
          where r.action = n.action and {bounds.replace("r.id", "r.job_request_id")}
          order by r.job_request_id {order} limit {each}) x),
      candidates as (select id from (select id from named union select {by_number}::bigint
          union select id from job_requests where rap_id = {by_rap} {start}) f
        order by id {order} limit {_CANDIDATES})
      select r.* from job_requests r join candidates c on c.id = r.id where {conditions}
      order by r.id {order} limit {limit}"""
