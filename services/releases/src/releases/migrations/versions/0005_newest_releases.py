"""the newest releases of all workspaces"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_releases_created_at", "releases", ["created_at"])


def downgrade() -> None:
    op.drop_index("ix_releases_created_at", table_name="releases")
