"""Tables of the releases service."""

from datetime import datetime
from typing import Any

from messaging import tables
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

NOW = text("now()")


class Base(tables.Base):
    __abstract__ = True
    metadata = tables.metadata()


class Release(Base):
    """Its id is Airlock's id of the request; the rows are there before the bytes arrive."""

    __tablename__ = "releases"
    __table_args__ = (
        CheckConstraint("id ~ '^[0-9A-Za-z]{1,26}$'", name="id"),
        Index("ix_releases_workspace", "workspace", "created_at"),
        Index("ix_releases_created_at", "created_at"),
        Index("ix_releases_project", "project_id", "created_at", "id"),
        Index("ix_releases_id_begins", "id", postgresql_ops={"id": "text_pattern_ops"}),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    workspace: Mapped[str]
    project_id: Mapped[int]
    backend: Mapped[str]
    requested_files: Mapped[list[Any]] = mapped_column(JSONB)
    # `metadata` is taken by SQLAlchemy's own attribute of that name.
    meta: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    created_by_id: Mapped[int]
    completed_at: Mapped[datetime | None]


class ReleaseCreator(Base):
    """Everybody who sent the release: each may finish its uploads, whatever becomes of the role."""

    __tablename__ = "release_creators"

    release_id: Mapped[str] = mapped_column(ForeignKey("releases.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(server_default=NOW)


class ReleaseFile(Base):
    """One of the list, or (`withdrawn_at`) of an earlier list: then it is kept on record and never served."""

    __tablename__ = "release_files"
    __table_args__ = (
        CheckConstraint("(deleted_at IS NULL) = (deleted_by_id IS NULL)", name="deleted_pair"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by_id IS NULL)", name="withdrawn_pair"),
        CheckConstraint("size >= 0", name="size"),
        Index("ix_release_files_release", "release_id", "name"),
        Index(
            "ix_release_files_listed",
            "release_id",
            "name",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        Index(
            "ix_release_files_unswept",
            "withdrawn_at",
            postgresql_where=text("withdrawn_at IS NOT NULL AND swept_at IS NULL"),
        ),
        Index("ix_release_files_sha256", "sha256"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    release_id: Mapped[str] = mapped_column(ForeignKey("releases.id"))
    workspace: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    sha256: Mapped[str]
    size: Mapped[int]
    mtime: Mapped[datetime]
    meta: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    created_by_id: Mapped[int]
    uploaded_at: Mapped[datetime | None]
    uploaded_by_id: Mapped[int | None]
    deleted_at: Mapped[datetime | None]
    deleted_by_id: Mapped[int | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[int | None]
    swept_at: Mapped[datetime | None]  # when the bytes of a withdrawn file were removed

    @property
    def is_here(self) -> bool:
        """Its bytes arrived and may be served."""
        return self.uploaded_at is not None and self.deleted_at is None and self.withdrawn_at is None


class AirlockEvent(Base):
    """As received, never changed; a repeat carries the same traceparent (A30)."""

    __tablename__ = "airlock_events"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    traceparent: Mapped[str | None] = mapped_column(unique=True)
    request: Mapped[str] = mapped_column(index=True)
    event_type: Mapped[str]
    backend: Mapped[str]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    user_id: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(server_default=NOW)


class KnownUser(Base):
    __tablename__ = "known_users"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    username: Mapped[str] = mapped_column(index=True)
    fullname: Mapped[str]


class KnownOrg(Base):
    __tablename__ = "known_orgs"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    slug: Mapped[str]
    name: Mapped[str]


class KnownBackend(Base):
    __tablename__ = "known_backends"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    slug: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]


class KnownProject(Base):
    __tablename__ = "known_projects"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    slug: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    number: Mapped[str | None]
    status: Mapped[str]
    copilot_id: Mapped[int | None] = mapped_column(index=True)
    org_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


class KnownWorkspace(Base):
    __tablename__ = "known_workspaces"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    name: Mapped[str] = mapped_column(index=True)
    project_id: Mapped[int] = mapped_column(index=True)
    is_archived: Mapped[bool]
