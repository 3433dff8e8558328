"""first tables"""

import sqlalchemy as sa
from alembic import op
from messaging.migrations import create_message_tables_1, create_replica_1, drop_tables_1
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _belongs_to(owner: str, table: str, column: str) -> sa.ForeignKeyConstraint:
    """It goes with its owner."""
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{owner}.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    create_message_tables_1()
    create_replica_1(
        "known_projects",
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("copilot_id", sa.BigInteger),
        sa.Column("org_ids", postgresql.ARRAY(sa.BigInteger), nullable=False),
        indexed=["slug"],
    )
    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("target_user", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("project_id", sa.BigInteger),
        sa.Column("old", sa.Text, nullable=False),
        sa.Column("new", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_index(op.f("ix_audit_events_project_id"), "audit_events", ["project_id"])
    op.create_table(
        "backends",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("is_active", sa.Boolean, server_default=sa.text("true"), nullable=False),
        sa.Column("alert_timeout_seconds", sa.BigInteger, server_default=sa.text("300"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger, server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("slug ~ '^[-a-zA-Z0-9_]+$'", name=op.f("ck_backends_slug")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backends")),
        sa.UniqueConstraint("slug", name=op.f("uq_backends_slug")),
    )
    op.create_table(
        "login_attempts",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempts")),
    )
    op.create_index("ix_login_attempts_subject_at", "login_attempts", ["subject", "at"])
    op.create_table(
        "logins",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("state_hash", sa.Text, nullable=False),
        sa.Column("browser_hash", sa.Text, nullable=False),
        sa.Column("code_verifier", sa.Text, nullable=False),
        sa.Column("redirect_uri", sa.Text, nullable=False),
        sa.Column("next_path", sa.Text, nullable=False),
        sa.Column("profile", postgresql.JSONB()),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logins")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_logins_state_hash")),
    )
    op.create_index(op.f("ix_logins_expires_at"), "logins", ["expires_at"])
    op.create_table(
        "orgs",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column(
            "github_orgs", postgresql.ARRAY(sa.Text), server_default=sa.text("'{opensafely}'"), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger, server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orgs")),
        sa.UniqueConstraint("name", name=op.f("uq_orgs_name")),
        sa.UniqueConstraint("slug", name=op.f("uq_orgs_slug")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("email", sa.Text),
        sa.Column("fullname", sa.Text, nullable=False),
        sa.Column("fullname_edited_at", sa.DateTime(timezone=True)),
        sa.Column("github_login", sa.Text),
        sa.Column("is_active", sa.Boolean, server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_login_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.BigInteger, server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("fullname <> ''", name=op.f("ck_users_fullname_non_blank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("username", name=op.f("uq_users_username")),
    )
    op.create_index(
        "ix_users_fullname_trgm",
        "users",
        ["fullname"],
        postgresql_using="gin",
        postgresql_ops={"fullname": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_users_username_trgm",
        "users",
        ["username"],
        postgresql_using="gin",
        postgresql_ops={"username": "gin_trgm_ops"},
    )
    op.create_index(
        "uq_users_email",
        "users",
        [sa.literal_column("lower(email)")],
        unique=True,
        postgresql_where=sa.text("email IS NOT NULL"),
    )
    op.create_table(
        "backend_memberships",
        sa.Column("backend_id", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        _belongs_to("backends", "backend_memberships", "backend_id"),
        _belongs_to("users", "backend_memberships", "user_id"),
        sa.PrimaryKeyConstraint("backend_id", "user_id", name=op.f("pk_backend_memberships")),
    )
    op.create_index(op.f("ix_backend_memberships_user_id"), "backend_memberships", ["user_id"])
    op.create_table(
        "backend_tokens",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("backend_id", sa.BigInteger, nullable=False),
        sa.Column("token_hash", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        _belongs_to("backends", "backend_tokens", "backend_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backend_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_backend_tokens_token_hash")),
    )
    op.create_index(op.f("ix_backend_tokens_backend_id"), "backend_tokens", ["backend_id"])
    op.create_table(
        "external_identities",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("uid", sa.Text, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        _belongs_to("users", "external_identities", "user_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_identities")),
        sa.UniqueConstraint("provider", "uid", name=op.f("uq_external_identities_provider_uid")),
    )
    op.create_index(op.f("ix_external_identities_user_id"), "external_identities", ["user_id"])
    op.create_table(
        "login_tokens",
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("token_hash", sa.Text, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        _belongs_to("users", "login_tokens", "user_id"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_login_tokens")),
    )
    op.create_table(
        "org_memberships",
        sa.Column("org_id", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        _belongs_to("orgs", "org_memberships", "org_id"),
        _belongs_to("users", "org_memberships", "user_id"),
        sa.PrimaryKeyConstraint("org_id", "user_id", name=op.f("pk_org_memberships")),
    )
    op.create_index(op.f("ix_org_memberships_user_id"), "org_memberships", ["user_id"])
    op.create_table(
        "personal_tokens",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("token_hash", sa.Text, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        _belongs_to("users", "personal_tokens", "user_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_personal_tokens_token_hash")),
    )
    op.create_index(op.f("ix_personal_tokens_user_id"), "personal_tokens", ["user_id"])
    op.create_table(
        "project_memberships",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("project_id", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        _belongs_to("users", "project_memberships", "user_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_memberships")),
        sa.UniqueConstraint("project_id", "user_id", name=op.f("uq_project_memberships_project_id_user_id")),
    )
    op.create_index(op.f("ix_project_memberships_user_id"), "project_memberships", ["user_id"])
    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("token_hash", sa.Text, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("user_agent", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        _belongs_to("users", "sessions", "user_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"])
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"])
    op.create_table(
        "role_grants",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("membership_id", sa.BigInteger),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("granted_by", sa.Text, nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("reason", sa.Text, server_default=sa.text("''"), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        _belongs_to("project_memberships", "role_grants", "membership_id"),
        _belongs_to("users", "role_grants", "user_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grants")),
        sa.UniqueConstraint(
            "user_id",
            "membership_id",
            "role",
            name=op.f("uq_role_grants_user_id_membership_id_role"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_role_grants_membership_id"), "role_grants", ["membership_id"])
    # The trail can be added to and read, not changed.
    op.execute("REVOKE UPDATE, DELETE ON audit_events FROM identity")


def downgrade() -> None:
    drop_tables_1(
        "role_grants",
        "sessions",
        "project_memberships",
        "personal_tokens",
        "org_memberships",
        "login_tokens",
        "external_identities",
        "backend_tokens",
        "backend_memberships",
        "users",
        "orgs",
        "logins",
        "login_attempts",
        "known_projects",
        "backends",
        "audit_events",
    )
