"""the event log's text search: names of actions are few, and each leads to its newest requests"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_action_status_action",
        "action_status",
        ["action"],
        postgresql_using="gin",
        postgresql_ops={"action": "gin_trgm_ops"},
    )
    op.execute("create index ix_jobs_action on jobs (action, job_request_id desc)")
    op.execute("create index ix_job_requests_sha on job_requests (sha text_pattern_ops)")


def downgrade() -> None:
    op.drop_index("ix_job_requests_sha", table_name="job_requests")
    op.drop_index("ix_jobs_action", table_name="jobs")
    op.drop_index("ix_action_status_action", table_name="action_status")
