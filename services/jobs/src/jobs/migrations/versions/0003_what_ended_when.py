"""what ended in the last hours, for the status page"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_job_requests_completed_at", "job_requests", ["completed_at"], postgresql_include=["backend"]
    )


def downgrade() -> None:
    op.drop_index("ix_job_requests_completed_at", "job_requests")
