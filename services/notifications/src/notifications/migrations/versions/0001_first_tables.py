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
        "known_orgs", sa.Column("slug", sa.Text, nullable=False), sa.Column("name", sa.Text, nullable=False)
    )
    create_replica_1(
        "known_projects",
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("org_ids", postgresql.ARRAY(sa.BigInteger), nullable=False),
    )
    create_replica_1(
        "known_users",
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("fullname", sa.Text, nullable=False),
        sa.Column("org_ids", postgresql.ARRAY(sa.BigInteger), nullable=False),
    )
    create_replica_1(
        "known_workspaces",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("project_id", sa.BigInteger, nullable=False),
        sa.Column("repo_url", sa.Text, nullable=False),
        indexed=["name"],
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("lane", sa.Text),
        sa.Column("recipient_id", sa.BigInteger),
        sa.Column("recipient", sa.Text, server_default=sa.text("''"), nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("context", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text, server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("attempts", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column(
            "next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("lease", sa.Text),
        sa.Column("last_error", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("channel IN ('email', 'slack', 'github')", name=op.f("ck_deliveries_channel")),
        sa.CheckConstraint(
            "status IN ('waiting', 'delivered', 'given_up')", name=op.f("ck_deliveries_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("key", name=op.f("uq_deliveries_key")),
    )
    op.create_index(
        "ix_deliveries_lane", "deliveries", ["lane", "id"], postgresql_where=sa.text("status = 'waiting'")
    )
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        ["next_attempt_at"],
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_table(
        "github_issues",
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("org", sa.Text, nullable=False),
        sa.Column("repo", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("request", name=op.f("pk_github_issues")),
    )


def downgrade() -> None:
    drop_tables_1(
        "known_workspaces", "known_users", "known_projects", "known_orgs", "github_issues", "deliveries"
    )
