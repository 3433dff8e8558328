"""requests of a backend or a project in some state, and only one index that leads to those of a person"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_COLUMNS = {"project": "project_id", "backend": "backend"}


def upgrade() -> None:
    for name, column in _COLUMNS.items():
        op.execute(f"create index ix_job_requests_{name}_status on job_requests ({column}, status, id desc)")
    op.create_unique_constraint("uq_job_requests_key_created_by_id", "job_requests", ["key", "created_by_id"])
    op.drop_constraint("uq_job_requests_created_by_id_key", "job_requests")


def downgrade() -> None:
    op.create_unique_constraint("uq_job_requests_created_by_id_key", "job_requests", ["created_by_id", "key"])
    op.drop_constraint("uq_job_requests_key_created_by_id", "job_requests")
    for name in _COLUMNS:
        op.drop_index(f"ix_job_requests_{name}_status", table_name="job_requests")
