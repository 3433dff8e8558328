"""first tables"""

import sqlalchemy as sa
from alembic import op
from messaging.migrations import create_message_tables_1, create_replica_1, drop_tables_1
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_message_tables_1()
    create_replica_1(
        "known_backends",
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("alert_timeout_seconds", sa.BigInteger, nullable=False),
        indexed=["slug"],
    )
    create_replica_1(
        "known_orgs",
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        indexed=["slug"],
    )
    create_replica_1(
        "known_projects",
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", sa.Text),
        sa.Column("org_ids", postgresql.ARRAY(sa.BigInteger), nullable=False),
        indexed=["slug"],
    )
    create_replica_1(
        "known_users",
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("fullname", sa.Text, nullable=False),
        indexed=["username"],
    )
    create_replica_1(
        "known_workspaces",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("project_id", sa.BigInteger, nullable=False),
        sa.Column("repo_url", sa.Text, nullable=False),
        sa.Column("branch", sa.Text, nullable=False),
        sa.Column("is_archived", sa.Boolean, nullable=False),
        sa.Column("should_notify", sa.Boolean, nullable=False),
        indexed=["name", "project_id"],
    )
    op.create_table(
        "action_status",
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("backend", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("identifier", sa.Text, nullable=False),
        sa.Column("job_request_id", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("status_code", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("workspace", "backend", "action", name=op.f("pk_action_status")),
    )
    op.create_table(
        "backend_health",
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True)),
        sa.Column("paused", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.Column("paused_since", sa.DateTime(timezone=True)),
        sa.Column("in_maintenance", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.Column("maintenance_since", sa.DateTime(timezone=True)),
        sa.Column("missing", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.Column("raw", postgresql.JSONB(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_backend_health")),
    )
    op.create_table(
        "pipeline_files",
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("graph", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_pipeline_files")),
    )
    op.create_table(
        "job_requests",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("rap_id", sa.Text, nullable=False),
        sa.Column("workspace_id", sa.BigInteger, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("project_id", sa.BigInteger, nullable=False),
        sa.Column("backend", sa.Text, nullable=False),
        sa.Column("created_by_id", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("requested_actions", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column(
            "cancelled_actions", postgresql.ARRAY(sa.Text), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True)),
        sa.Column("cancel_requested_by", sa.BigInteger),
        sa.Column("force_run_dependencies", sa.Boolean, nullable=False),
        sa.Column("will_notify", sa.Boolean, nullable=False),
        sa.Column("sha", sa.Text, nullable=False),
        sa.Column("branch", sa.Text, nullable=False),
        sa.Column("codelists_ok", sa.Boolean, nullable=False),
        sa.Column("definition_sha256", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("status_message", sa.Text),
        sa.Column("total", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column("pending", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column("running", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column("succeeded", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column("failed", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column("live", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.Column("jobs_updated_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("rap_id ~ '^[a-z0-9]{16}$'", name=op.f("ck_job_requests_rap_id")),
        sa.CheckConstraint(
            "(cancel_requested_at IS NULL) = (cancel_requested_by IS NULL)",
            name=op.f("ck_job_requests_cancel_pair"),
        ),
        sa.ForeignKeyConstraint(
            ["definition_sha256"], ["pipeline_files.sha256"], name=op.f("fk_job_requests_definition_sha256")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_requests")),
        sa.UniqueConstraint("created_by_id", "key", name=op.f("uq_job_requests_created_by_id_key")),
        sa.UniqueConstraint("rap_id", name=op.f("uq_job_requests_rap_id")),
    )
    op.create_index(
        "ix_job_requests_active",
        "job_requests",
        ["id"],
        postgresql_where=sa.text(
            "status IN ('pending', 'running', 'unknown', 'unknown_error_creating_jobs') OR live > 0"
        ),
    )
    op.create_index("ix_job_requests_backend", "job_requests", ["backend", sa.literal_column("id DESC")])
    op.create_index("ix_job_requests_person", "job_requests", ["created_by_id", sa.literal_column("id DESC")])
    op.create_index("ix_job_requests_project", "job_requests", ["project_id", sa.literal_column("id DESC")])
    op.create_index("ix_job_requests_status", "job_requests", ["status", sa.literal_column("id DESC")])
    op.create_index("ix_job_requests_workspace", "job_requests", ["workspace", sa.literal_column("id DESC")])
    op.create_table(
        "cancellations",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("job_request_id", sa.BigInteger, nullable=False),
        sa.Column("actions", postgresql.ARRAY(sa.Text)),
        sa.Column("requested_by", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column(
            "next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("last_error", sa.Text),
        sa.ForeignKeyConstraint(
            ["job_request_id"], ["job_requests.id"], name=op.f("fk_cancellations_job_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cancellations")),
    )
    op.create_index(op.f("ix_cancellations_job_request_id"), "cancellations", ["job_request_id"])
    op.create_index(
        "ix_cancellations_waiting",
        "cancellations",
        ["next_attempt_at"],
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("job_request_id", sa.BigInteger, nullable=False),
        sa.Column("identifier", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("run_command", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("status_code", sa.Text, nullable=False),
        sa.Column("status_message", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True)),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.Column("trace_context", postgresql.JSONB()),
        sa.Column("metrics", postgresql.JSONB()),
        sa.ForeignKeyConstraint(["job_request_id"], ["job_requests.id"], name=op.f("fk_jobs_job_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("identifier", name=op.f("uq_jobs_identifier")),
    )
    op.create_index(
        "ix_jobs_identifier_pattern",
        "jobs",
        ["identifier"],
        postgresql_ops={"identifier": "text_pattern_ops"},
    )
    op.create_index(op.f("ix_jobs_job_request_id"), "jobs", ["job_request_id"])
    op.create_table(
        "submissions",
        sa.Column("job_request_id", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("body", postgresql.JSONB()),
        sa.Column("attempts", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column(
            "next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("first_sent_at", sa.DateTime(timezone=True)),
        sa.Column("last_error", sa.Text),
        sa.Column("answer", postgresql.JSONB()),
        sa.ForeignKeyConstraint(
            ["job_request_id"], ["job_requests.id"], name=op.f("fk_submissions_job_request_id")
        ),
        sa.PrimaryKeyConstraint("job_request_id", name=op.f("pk_submissions")),
    )
    op.create_index(
        "ix_submissions_waiting",
        "submissions",
        ["next_attempt_at"],
        postgresql_where=sa.text("state = 'waiting'"),
    )


def downgrade() -> None:
    drop_tables_1(
        "submissions",
        "jobs",
        "cancellations",
        "job_requests",
        "pipeline_files",
        "known_workspaces",
        "known_users",
        "known_projects",
        "known_orgs",
        "known_backends",
        "backend_health",
        "action_status",
    )
