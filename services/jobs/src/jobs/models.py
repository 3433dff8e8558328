"""Tables of the jobs service; methods hold the rules, no I/O."""

import base64
import secrets
from datetime import datetime
from typing import Any

from contracts.statuses import ACTIVE, RequestStatus
from messaging import tables
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

NOW = text("now()")
ACTIVE_SQL = ", ".join(f"'{status}'" for status in sorted(ACTIVE))  # between the brackets of `in`
# Rows that change several times soon after they are made: with room beside them no index need follow.
FILLFACTOR = {"postgresql_with": {"fillfactor": 60}}


def new_rap_id() -> str:
    """16 characters of a-z2-7 out of 80 random bits."""
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()


class Base(tables.Base):
    __abstract__ = True
    metadata = tables.metadata()


def facts_of(request: Any) -> dict[str, Any]:
    """What every announcement about a request says; it may be a row with these columns too."""
    names = ("workspace", "project_id", "backend", "created_by_id")
    return {"job_request_id": request.id} | {name: getattr(request, name) for name in names}


class JobRequest(Base):
    """What a researcher asked to run. A terminal status is never left again (J27)."""

    __tablename__ = "job_requests"
    __table_args__ = (
        CheckConstraint("(cancel_requested_at IS NULL) = (cancel_requested_by IS NULL)", name="cancel_pair"),
        CheckConstraint("rap_id ~ '^[a-z0-9]{16}$'", name="rap_id"),
        UniqueConstraint("key", "created_by_id"),  # so: else it is taken for a way to a person's requests
        Index("ix_job_requests_active", "id", postgresql_where=text(f"status IN ({ACTIVE_SQL}) OR live > 0")),
        Index("ix_job_requests_workspace", "workspace", text("id DESC")),
        Index("ix_job_requests_project", "project_id", text("id DESC")),
        Index("ix_job_requests_person", "created_by_id", text("id DESC")),
        Index("ix_job_requests_backend", "backend", text("id DESC")),
        Index("ix_job_requests_status", "status", text("id DESC")),
        Index("ix_job_requests_project_status", "project_id", "status", text("id DESC")),
        Index("ix_job_requests_backend_status", "backend", "status", text("id DESC")),
        Index("ix_job_requests_sha", "sha", postgresql_ops={"sha": "text_pattern_ops"}),
        Index("ix_job_requests_created_at", "created_at", "id"),
        Index("ix_job_requests_completed_at", "completed_at", postgresql_include=["backend"]),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    rap_id: Mapped[str] = mapped_column(unique=True, default=new_rap_id)
    workspace_id: Mapped[int]
    workspace: Mapped[str]
    project_id: Mapped[int]
    backend: Mapped[str]
    created_by_id: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    key: Mapped[str]  # one per shown form, so that a repeated submit makes nothing twice
    requested_actions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    cancelled_actions: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    cancel_requested_at: Mapped[datetime | None]
    cancel_requested_by: Mapped[int | None]
    force_run_dependencies: Mapped[bool] = mapped_column(default=False)
    will_notify: Mapped[bool] = mapped_column(default=False)
    sha: Mapped[str]
    commit_message: Mapped[str] = mapped_column(server_default=text("''"))  # its first line, if known
    branch: Mapped[str]
    codelists_ok: Mapped[bool] = mapped_column(default=True)
    definition_sha256: Mapped[str | None] = mapped_column(ForeignKey("pipeline_files.sha256"))
    status: Mapped[str] = mapped_column(default=RequestStatus.PENDING.value)
    status_message: Mapped[str | None]
    # Kept by the sync, so that lists need not count jobs.
    total: Mapped[int] = mapped_column(server_default=text("0"))
    pending: Mapped[int] = mapped_column(server_default=text("0"))
    running: Mapped[int] = mapped_column(server_default=text("0"))
    succeeded: Mapped[int] = mapped_column(server_default=text("0"))
    failed: Mapped[int] = mapped_column(server_default=text("0"))
    cancelled: Mapped[int] = mapped_column(server_default=text("0"))
    blocked: Mapped[int] = mapped_column(server_default=text("0"))
    live: Mapped[int] = mapped_column(server_default=text("0"))  # pending + running
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    jobs_updated_at: Mapped[datetime | None]

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    def facts(self) -> dict[str, Any]:
        return facts_of(self)


class Job(Base):
    """One action run; written only by the sync."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_action", "action", text("job_request_id DESC")), FILLFACTOR)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    job_request_id: Mapped[int] = mapped_column(ForeignKey("job_requests.id"), index=True)
    identifier: Mapped[str] = mapped_column(Text(collation="C"), unique=True)  # also found by its beginning
    action: Mapped[str]
    run_command: Mapped[str]
    status: Mapped[str]
    status_code: Mapped[str]
    status_message: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    trace_context: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    metrics: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class PipelineFile(Base):
    """project.yaml by its hash: many requests share one."""

    __tablename__ = "pipeline_files"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[str]
    graph: Mapped[list[Any]] = mapped_column(JSONB)  # [{"name", "needs"}] in file order


class Submission(Base):
    """What is to be sent, or was sent, to the controller, with what answer. One per request."""

    __tablename__ = "submissions"
    __table_args__ = (
        Index("ix_submissions_waiting", "next_attempt_at", postgresql_where=text("state = 'waiting'")),
    )

    job_request_id: Mapped[int] = mapped_column(ForeignKey("job_requests.id"), primary_key=True)
    state: Mapped[str] = mapped_column(default="waiting")  # waiting, accepted, refused, withdrawn
    body: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # fixed at the first try, sent again unchanged
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=NOW)
    first_sent_at: Mapped[datetime | None]  # first tried, perhaps not sent; the deadline counts from here
    lease: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    unclear_at: Mapped[datetime | None]  # null: no try can have reached the controller
    trouble: Mapped[str | None]  # a kind of contracts.troubles
    last_error: Mapped[str | None]  # for staff
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    unknown_since: Mapped[datetime | None]  # accepted, but the controller says that it does not know it


class Cancellation(Base):
    """Asks the controller to stop jobs, sent when they are known; `actions` null means all."""

    __tablename__ = "cancellations"
    __table_args__ = (
        Index("ix_cancellations_waiting", "next_attempt_at", postgresql_where=text("done_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    job_request_id: Mapped[int] = mapped_column(ForeignKey("job_requests.id"), index=True)
    actions: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    requested_by: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=NOW)
    lease: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    given_up: Mapped[bool] = mapped_column(server_default=text("false"))
    trouble: Mapped[str | None]
    last_error: Mapped[str | None]


class BackendHealth(Base):
    """What the controller last said of a backend."""

    __tablename__ = "backend_health"

    slug: Mapped[str] = mapped_column(primary_key=True)
    last_seen_at: Mapped[datetime | None]
    paused: Mapped[bool] = mapped_column(server_default=text("false"))
    paused_since: Mapped[datetime | None]
    in_maintenance: Mapped[bool] = mapped_column(server_default=text("false"))
    maintenance_since: Mapped[datetime | None]
    missing: Mapped[bool] = mapped_column(server_default=text("false"))
    raw: Mapped[dict[str, Any]] = mapped_column(JSONB)
    checked_at: Mapped[datetime] = mapped_column(server_default=NOW)
    unmentioned_since: Mapped[datetime | None]  # it told of this backend once, and does no longer


class Controller(Base):
    """One row: whether it answers."""

    __tablename__ = "controller"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    answered_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    trouble: Mapped[str | None]  # a kind of contracts.troubles


class ActionStatus(Base):
    """The newest job of each action, so that nobody has to look for it."""

    __tablename__ = "action_status"
    __table_args__ = (
        Index(
            "ix_action_status_action",
            "action",
            postgresql_using="gin",
            postgresql_ops={"action": "gin_trgm_ops"},
        ),
        FILLFACTOR,
    )

    workspace: Mapped[str] = mapped_column(primary_key=True)
    backend: Mapped[str] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(primary_key=True)
    identifier: Mapped[str]
    job_request_id: Mapped[int]
    status: Mapped[str]
    status_code: Mapped[str]
    created_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]


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
    slug: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]


class KnownBackend(Base):
    __tablename__ = "known_backends"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    slug: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    is_active: Mapped[bool]
    alert_timeout_seconds: Mapped[int]


class KnownProject(Base):
    __tablename__ = "known_projects"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    slug: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    number: Mapped[str | None]
    org_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


class KnownWorkspace(Base):
    __tablename__ = "known_workspaces"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    name: Mapped[str] = mapped_column(index=True)
    project_id: Mapped[int] = mapped_column(index=True)
    repo_url: Mapped[str]
    branch: Mapped[str]
    is_archived: Mapped[bool]
    should_notify: Mapped[bool]
