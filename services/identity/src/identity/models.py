"""Tables of the identity service; methods hold the rules, no I/O."""

from datetime import datetime, timedelta
from typing import Any

from contracts.identity import BackendState, OrgState, UserState
from messaging import tables
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

NOW = text("now()")


class Base(tables.Base):
    __abstract__ = True
    metadata = tables.metadata()


class User(Base):
    """A username never changes; the GitHub login is an attribute refreshed by uid (I8)."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("fullname <> ''", name="fullname_non_blank"),
        Index(
            "uq_users_email", text("lower(email)"), unique=True, postgresql_where=text("email IS NOT NULL")
        ),
        Index(
            "ix_users_username_trgm",
            "username",
            postgresql_using="gin",
            postgresql_ops={"username": "gin_trgm_ops"},
        ),
        Index(
            "ix_users_fullname_trgm",
            "fullname",
            postgresql_using="gin",
            postgresql_ops={"fullname": "gin_trgm_ops"},
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str | None]
    fullname: Mapped[str]
    fullname_edited_at: Mapped[datetime | None]
    github_login: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    last_login_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))

    def state(self, org_ids: list[int]) -> UserState:
        return UserState(
            id=self.id,
            version=self.version,
            username=self.username,
            fullname=self.fullname,
            github_login=self.github_login,
            is_active=self.is_active,
            org_ids=org_ids,
        )

    def refresh_from_github(self, login: str, name: str | None, email: str | None) -> bool:
        """What GitHub says now; an edited name stays. Whether others must be told."""
        told = (self.github_login, self.fullname)
        self.github_login = login
        if name and self.fullname_edited_at is None:
            self.fullname = name
        if email:
            self.email = email
        changed = told != (self.github_login, self.fullname)
        if changed:
            self.version += 1
        return changed


class ExternalIdentity(Base):
    __tablename__ = "external_identities"
    __table_args__ = (UniqueConstraint("provider", "uid"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    provider: Mapped[str] = mapped_column(default="github")
    uid: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Session(Base):
    """Only a keyed hash of the cookie's value is kept."""

    __tablename__ = "sessions"
    LIFETIME = timedelta(days=14)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    user_agent: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    last_seen_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Login(Base):
    """An OAuth log-in under way; `browser_hash` ties it to the browser that began it."""

    __tablename__ = "logins"
    LIFETIME = timedelta(minutes=10)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    state_hash: Mapped[str] = mapped_column(unique=True)
    browser_hash: Mapped[str]
    code_verifier: Mapped[str]
    redirect_uri: Mapped[str]
    next_path: Mapped[str]
    profile: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # kept while a name is asked for
    expires_at: Mapped[datetime] = mapped_column(index=True)


class LoginToken(Base):
    """Three words for one log-in to Airlock; one live token per user."""

    __tablename__ = "login_tokens"
    LIFETIME = timedelta(hours=1)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    token_hash: Mapped[str]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by_call: Mapped[str | None]  # its request id


class LoginAttempt(Base):
    """Tries to use words, by person and by backend, so that guessing can be slowed down before hashing."""

    __tablename__ = "login_attempts"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    subject: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=NOW)
    __table_args__ = (Index("ix_login_attempts_subject_at", "subject", "at"),)


class PersonalToken(Base):
    __tablename__ = "personal_tokens"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Org(Base):
    __tablename__ = "orgs"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    github_orgs: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{opensafely}'"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))

    def state(self) -> OrgState:
        return OrgState(
            id=self.id, version=self.version, slug=self.slug, name=self.name, github_orgs=self.github_orgs
        )


class OrgMembership(Base):
    __tablename__ = "org_memberships"

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Backend(Base):
    """A secure environment. Its slug never changes."""

    __tablename__ = "backends"
    __table_args__ = (CheckConstraint("slug ~ '^[-a-zA-Z0-9_]+$'", name="slug"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    alert_timeout_seconds: Mapped[int] = mapped_column(default=300, server_default=text("300"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))

    def state(self) -> BackendState:
        return BackendState(
            id=self.id,
            version=self.version,
            slug=self.slug,
            name=self.name,
            is_active=self.is_active,
            alert_timeout_seconds=self.alert_timeout_seconds,
        )


class BackendToken(Base):
    """Shown once, kept as a keyed hash; two may be valid while Airlock changes over."""

    __tablename__ = "backend_tokens"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    backend_id: Mapped[int] = mapped_column(ForeignKey("backends.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime | None]


class BackendMembership(Base):
    __tablename__ = "backend_memberships"

    backend_id: Mapped[int] = mapped_column(ForeignKey("backends.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class ProjectMembership(Base):
    """A fact of its own, also without any role (I5)."""

    __tablename__ = "project_memberships"
    __table_args__ = (UniqueConstraint("project_id", "user_id"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    project_id: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class RoleGrant(Base):
    """Global when `membership_id` is null, otherwise on that membership's project."""

    __tablename__ = "role_grants"
    __table_args__ = (
        UniqueConstraint("user_id", "membership_id", "role", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    membership_id: Mapped[int | None] = mapped_column(
        ForeignKey("project_memberships.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[str]
    granted_by: Mapped[str]
    granted_at: Mapped[datetime] = mapped_column(server_default=NOW)
    reason: Mapped[str] = mapped_column(server_default=text("''"))
    ends_at: Mapped[datetime | None]


class AuditEvent(Base):
    """Append-only: the runtime role may only insert and select. No foreign keys: rows outlive things."""

    __tablename__ = "audit_events"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=NOW)
    type: Mapped[str]
    by: Mapped[str]
    target_user: Mapped[str] = mapped_column(default="")
    target: Mapped[str] = mapped_column(default="")
    project_id: Mapped[int | None] = mapped_column(index=True)
    old: Mapped[str] = mapped_column(default="")
    new: Mapped[str] = mapped_column(default="")


class KnownProject(Base):
    __tablename__ = "known_projects"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    slug: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    number: Mapped[str | None]
    status: Mapped[str]
    copilot_id: Mapped[int | None]
    org_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
