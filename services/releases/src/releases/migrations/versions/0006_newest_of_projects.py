"""the newest releases of some projects, and those whose id begins so"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_releases_project", "releases", ["project_id", "created_at", "id"])
    op.create_index("ix_releases_id_begins", "releases", ["id"], postgresql_ops={"id": "text_pattern_ops"})
    op.drop_index("ix_releases_project_id", table_name="releases")


def downgrade() -> None:
    op.create_index("ix_releases_project_id", "releases", ["project_id"])
    op.drop_index("ix_releases_id_begins", table_name="releases")
    op.drop_index("ix_releases_project", table_name="releases")
