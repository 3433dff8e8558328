"""Requests found by text, by as much work for a million of them as for ten (spec/jobs.md §4.3).

A text is part of an action's name, or the beginning of a job's identifier or of a commit, or a RAP id or the
number of a request. Names are few: each that fits leads by an index to its newest requests.
"""

from typing import Any

_NAMES = 100  # that fit a text; whoever writes one letter does not look for the hundred and first


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

    def sql(self) -> str:
        return " and ".join(self.parts) or "true"


def like(text: str) -> str:
    """A text whose signs mean themselves in a pattern."""
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def search(wanted: Where, text: str, order: str, limit: int) -> str:
    """A statement for whole rows of job_requests that fit `wanted` too; its values are added there."""
    conditions = wanted.sql()
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else -1
    word = text.lower()
    beginning = word if word.isascii() and word.isalnum() else ""
    by_name = wanted.place("%" + like(text) + "%")
    by_number, by_rap = wanted.place(number), wanted.place(word)
    parts = [
        f"""select x.id from (select distinct action from action_status where action ilike {by_name}
          limit {_NAMES}) n cross join lateral (select r.id from jobs j
          join job_requests r on r.id = j.job_request_id
          where j.action collate "C" = n.action and {conditions}
          order by j.job_request_id {order} limit {limit}) x""",
        f"select r.id from job_requests r where r.id = {by_number} and {conditions}",
        f"select r.id from job_requests r where r.rap_id = {by_rap} and {conditions}",
    ]
    if len(beginning) >= 4:
        low, high = wanted.place(beginning), wanted.place(beginning + "\x7f")
        parts.append(
            f"""(select r.id from jobs j join job_requests r on r.id = j.job_request_id
            where j.identifier >= {low} and j.identifier < {high} and {conditions} limit {limit})"""
        )
    if len(beginning) >= 7:
        parts.append(
            f"""(select r.id from job_requests r where r.sha collate "C" >= {low}
            and r.sha collate "C" < {high} and {conditions} order by r.id {order} limit {limit})"""
        )
    found = " union ".join(parts)
    return f"""select r.* from job_requests r where r.id in (
      select id from ({found}) f order by id {order} limit {limit}) order by r.id {order}"""
