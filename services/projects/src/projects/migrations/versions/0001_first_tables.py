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
        "known_orgs",
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("github_orgs", postgresql.ARRAY(sa.Text), nullable=False),
        indexed=["slug"],
    )
    create_replica_1(
        "known_users",
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("fullname", sa.Text, nullable=False),
        indexed=["username"],
    )
    op.create_table(
        "projects",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("copilot_id", sa.BigInteger),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "number ~ '^([1-9][0-9]*|POS-20[0-9]{2}-[1-9][0-9]{3})$'", name=op.f("ck_projects_number")
        ),
        sa.CheckConstraint("slug ~ '^[-a-zA-Z0-9_]+$'", name=op.f("ck_projects_slug")),
        sa.CheckConstraint(
            "status IN ('ongoing', 'postponed', 'retired', 'ongoing-and-linked', 'completed-and-linked', 'completed-and-awaiting')",
            name=op.f("ck_projects_status"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("name", name=op.f("uq_projects_name")),
        sa.UniqueConstraint("number", name=op.f("uq_projects_number")),
        sa.UniqueConstraint("slug", name=op.f("uq_projects_slug")),
    )
    op.create_index(
        "ix_projects_name_trgm",
        "projects",
        ["name"],
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
    op.create_table(
        "repos",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repos")),
        sa.UniqueConstraint("url", name=op.f("uq_repos_url")),
    )
    op.create_table(
        "project_collaborations",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("project_id", sa.BigInteger, nullable=False),
        sa.Column("org_id", sa.BigInteger, nullable=False),
        sa.Column("is_lead", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_project_collaborations_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_collaborations")),
        sa.UniqueConstraint("project_id", "org_id", name=op.f("uq_project_collaborations_project_id_org_id")),
    )
    op.create_index(op.f("ix_project_collaborations_org_id"), "project_collaborations", ["org_id"])
    op.create_index(
        "uq_project_collaborations_lead",
        "project_collaborations",
        ["project_id"],
        unique=True,
        postgresql_where=sa.text("is_lead"),
    )
    op.create_table(
        "workspaces",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("project_id", sa.BigInteger, nullable=False),
        sa.Column("repo_id", sa.BigInteger, nullable=False),
        sa.Column("branch", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("is_archived", sa.Boolean, nullable=False),
        sa.Column("should_notify", sa.Boolean, nullable=False),
        sa.Column("uses_new_release_flow", sa.Boolean, server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_by_id", sa.BigInteger),
        sa.Column("version", sa.BigInteger, server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("name ~ '^[-a-z0-9_]+$'", name=op.f("ck_workspaces_name")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_workspaces_project_id")),
        sa.ForeignKeyConstraint(["repo_id"], ["repos.id"], name=op.f("fk_workspaces_repo_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspaces")),
        sa.UniqueConstraint("name", name=op.f("uq_workspaces_name")),
    )
    op.create_index(
        "ix_workspaces_name_trgm",
        "workspaces",
        ["name"],
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
    op.create_index(op.f("ix_workspaces_project_id"), "workspaces", ["project_id"])
    op.create_index(op.f("ix_workspaces_repo_id"), "workspaces", ["repo_id"])
    op.create_index("uq_workspaces_lower_name", "workspaces", [sa.literal_column("lower(name)")], unique=True)


def downgrade() -> None:
    drop_tables_1("workspaces", "project_collaborations", "repos", "projects", "known_users", "known_orgs")
