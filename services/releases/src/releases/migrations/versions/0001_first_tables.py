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
        indexed=["slug"],
    )
    create_replica_1(
        "known_orgs", sa.Column("slug", sa.Text, nullable=False), sa.Column("name", sa.Text, nullable=False)
    )
    create_replica_1(
        "known_projects",
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("copilot_id", sa.BigInteger),
        sa.Column("org_ids", postgresql.ARRAY(sa.BigInteger), nullable=False),
        indexed=["copilot_id", "slug"],
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
        sa.Column("is_archived", sa.Boolean, nullable=False),
        indexed=["name", "project_id"],
    )
    op.create_table(
        "airlock_events",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("traceparent", sa.Text),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("backend", sa.Text, nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_airlock_events")),
        sa.UniqueConstraint("traceparent", name=op.f("uq_airlock_events_traceparent")),
    )
    op.create_index(op.f("ix_airlock_events_request"), "airlock_events", ["request"])
    op.create_table(
        "releases",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("project_id", sa.BigInteger, nullable=False),
        sa.Column("backend", sa.Text, nullable=False),
        sa.Column("requested_files", postgresql.JSONB(), nullable=False),
        sa.Column("metadata", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger, nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("id ~ '^[0-9A-Za-z]{1,26}$'", name=op.f("ck_releases_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases")),
    )
    op.create_index(op.f("ix_releases_project_id"), "releases", ["project_id"])
    op.create_index("ix_releases_workspace", "releases", ["workspace", "created_at"])
    op.create_table(
        "release_files",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("release_id", sa.Text, nullable=False),
        sa.Column("workspace", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("mtime", sa.DateTime(timezone=True), nullable=False),
        sa.Column("metadata", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger, nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True)),
        sa.Column("uploaded_by_id", sa.BigInteger),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.Column("deleted_by_id", sa.BigInteger),
        sa.CheckConstraint(
            "(deleted_at IS NULL) = (deleted_by_id IS NULL)", name=op.f("ck_release_files_deleted_pair")
        ),
        sa.CheckConstraint("size >= 0", name=op.f("ck_release_files_size")),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name=op.f("fk_release_files_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_files")),
    )
    op.create_index("ix_release_files_release", "release_files", ["release_id", "name"])
    op.create_index("ix_release_files_sha256", "release_files", ["sha256"])
    op.create_index(op.f("ix_release_files_workspace"), "release_files", ["workspace"])


def downgrade() -> None:
    drop_tables_1(
        "release_files",
        "releases",
        "known_workspaces",
        "known_users",
        "known_projects",
        "known_orgs",
        "known_backends",
        "airlock_events",
    )
