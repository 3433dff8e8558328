"""Tables that the first migration of every service makes alike: for messages and for copies of things.

Migrations are history: databases exist that were made by what stands here, so none of it is ever changed.
What such a table gets later is a later migration of each service; `messaging.tables` says how it looks now.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op


def create_message_tables_1() -> None:
    """outbox, inbox and dead_letters as they were in the first migrations."""
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("consumer", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        _at("at"),
        sa.Column("replayed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letters")),
    )
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.Text, nullable=False),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id", name=op.f("pk_inbox")),
    )
    op.create_index("ix_inbox_at", "inbox", ["at"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        _at("created_at"),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("sequence", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outbox_event_id")),
    )
    op.create_index("ix_outbox_published_at", "outbox", ["published_at"])
    waiting = sa.text("published_at IS NULL")
    op.create_index("ix_outbox_unpublished", "outbox", ["id"], postgresql_where=waiting)


def create_replica_1(table: str, *columns: sa.Column[object], indexed: Sequence[str] = ()) -> None:
    """A `known_…` table: the owner's id and version, then `columns`."""
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    for column in indexed:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def drop_tables_1(*tables: str) -> None:
    """The service's own `tables` in this order, with their indexes, then those for messages."""
    for table in (*tables, "outbox", "inbox", "dead_letters"):
        op.drop_table(table)


def _at(name: str) -> sa.Column[object]:
    """When the row was written, by the clock and not by the beginning of the transaction."""
    now = sa.text("clock_timestamp()")
    return sa.Column(name, sa.DateTime(timezone=True), server_default=now, nullable=False)
