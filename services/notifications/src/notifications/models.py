"""Tables of the notifications service: every message and whether it arrived."""

from datetime import datetime
from typing import Any

from messaging import tables
from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

NOW = text("now()")


class Base(tables.Base):
    __abstract__ = True
    metadata = tables.metadata()


class Delivery(Base):
    """One effect in the world. `key` makes it unique; those of one `lane` go out in order."""

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint("channel IN ('email', 'slack', 'github')", name="channel"),
        CheckConstraint("status IN ('waiting', 'delivered', 'given_up')", name="status"),
        Index(
            "ix_deliveries_waiting", "channel", "next_attempt_at", postgresql_where=text("status = 'waiting'")
        ),
        Index("ix_deliveries_lane", "lane", "id", postgresql_where=text("status = 'waiting'")),
        Index("ix_deliveries_recipient", "recipient_id", "template"),
        Index("ix_deliveries_status", "status", text("id DESC")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    channel: Mapped[str]
    lane: Mapped[str | None]
    recipient_id: Mapped[int | None]  # a user, for e-mail
    recipient: Mapped[str] = mapped_column(server_default=text("''"))  # a Slack channel or GitHub repository
    template: Mapped[str]
    subject: Mapped[str]
    context: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=NOW)
    lease: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    last_error: Mapped[str | None]
    url: Mapped[str | None]  # where it can be seen
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    delivered_at: Mapped[datetime | None]


class GitHubIssue(Base):
    """Which issue belongs to a release request, so that nobody has to search titles for it."""

    __tablename__ = "github_issues"

    request: Mapped[str] = mapped_column(primary_key=True)
    org: Mapped[str]
    repo: Mapped[str]
    number: Mapped[int]
    url: Mapped[str]


class KnownUser(Base):
    __tablename__ = "known_users"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    username: Mapped[str]
    fullname: Mapped[str]
    org_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


class KnownOrg(Base):
    __tablename__ = "known_orgs"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    slug: Mapped[str]
    name: Mapped[str]


class KnownProject(Base):
    __tablename__ = "known_projects"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    slug: Mapped[str]
    name: Mapped[str]
    org_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


class KnownWorkspace(Base):
    __tablename__ = "known_workspaces"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    name: Mapped[str] = mapped_column(index=True)
    project_id: Mapped[int]
    repo_url: Mapped[str]
