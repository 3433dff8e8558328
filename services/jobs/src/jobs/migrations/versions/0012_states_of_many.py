"""requests of a backend or a project in some state, where most are in another"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_COLUMNS = {"project": "project_id", "backend": "backend"}


def upgrade() -> None:
    for name, column in _COLUMNS.items():
        op.execute(f"create index ix_job_requests_{name}_status on job_requests ({column}, status, id desc)")


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_index(f"ix_job_requests_{name}_status", table_name="job_requests")
