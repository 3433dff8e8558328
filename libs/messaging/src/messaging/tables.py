"""The tables that every service has in its own schema for messages out, in and given up."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Each service subclasses this once, with `metadata = messaging.tables.metadata()`; times are aware."""

    __abstract__ = True
    type_annotation_map = {datetime: DateTime(timezone=True), int: BigInteger, str: Text}


def metadata() -> MetaData:
    """Fresh metadata that already holds outbox, inbox and dead_letters."""
    tables = MetaData(naming_convention=NAMING)
    now = text("clock_timestamp()")
    Table(
        "outbox",
        tables,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("event_id", Uuid, nullable=False, unique=True),
        Column("stream", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=now),
        Column("published_at", DateTime(timezone=True)),
        Column("sequence", BigInteger),  # where the stream put it
        Column("boot", Text),  # which start of the broker last said that it has it
        Index("ix_outbox_unpublished", "id", postgresql_where=text("published_at IS NULL")),
        Index("ix_outbox_published_at", "published_at"),
    )
    Table(
        "inbox",
        tables,
        Column("consumer", Text, nullable=False),
        Column("event_id", Uuid, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        PrimaryKeyConstraint("consumer", "event_id"),
        Index("ix_inbox_at", "at"),
    )
    Table(
        "dead_letters",
        tables,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("consumer", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("reason", Text, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False, server_default=now),
        Column("replayed_at", DateTime(timezone=True)),
    )
    return tables
