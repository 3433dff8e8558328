"""Lists in SQL: conditions with numbered parameters, and a page by number as one JSON value.

A list of a service is a Filter, its conditions as a Where, and the shape of a row. Pages by cursor are made
by their service, since what leads there by an index differs.
"""

from typing import Any


class Where:
    """Conditions with their parameters, numbered as PostgreSQL wants them."""

    def __init__(self, beside: "Where | None" = None) -> None:
        """Those of the same statement, made `beside` each other, number their parameters together."""
        self.parts: list[str] = []
        self.args: list[Any] = [] if beside is None else beside.args

    def add(self, condition: str, *values: Any) -> None:
        """`{}` in the condition stand for the values."""
        self.parts.append(condition.format(*(self.place(value) for value in values)))

    def place(self, value: Any) -> str:
        """What stands for the value in the statement."""
        self.args.append(value)
        return f"${len(self.args)}"

    def sql(self) -> str:
        return " and ".join(self.parts) or "true"


def numbered(source: str, row: str, joins: str, where: Where, order: str, page: int, size: int) -> str:
    """A statement for {page, pages, total, rows}; `row` is JSON of `source`, as "projects p", and its joins.

    `order` must be total, so that no row stands on two pages; its columns are of the source.
    """
    alias = source.split()[-1]
    limit, number = where.place(size), where.place(page)
    return f"""
    with found as (select {alias}.* from {source} where {where.sql()}),
    total as (select count(*) as n from found),
    page as (select * from found {alias} order by {order}
      limit {limit}::int offset ({number}::int - 1) * {limit}::int)
    select json_build_object('page', {number}::int, 'total', n,
      'pages', greatest(1, (n + {limit}::int - 1) / {limit}::int),
      'rows', coalesce((select json_agg({row} order by {order}) from page {alias} {joins}), '[]'))::text
    from total"""
