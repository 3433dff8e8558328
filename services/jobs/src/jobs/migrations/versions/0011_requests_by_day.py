"""which requests were made since a day, and until one"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_job_requests_created_at", "job_requests", ["created_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_job_requests_created_at", table_name="job_requests")
