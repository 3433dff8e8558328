"""what was cancelled and what was blocked are counted by themselves, and a request can be cancelled"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COUNT = """
with counted as (
  select job_request_id as id,
    count(*) filter (where status_code = 'cancelled_by_user') as cancelled,
    count(*) filter (where status_code = 'dependency_failed') as blocked
  from jobs where lower(status) = 'failed' and status_code in ('cancelled_by_user', 'dependency_failed')
  group by job_request_id
)
update job_requests r set cancelled = c.cancelled, blocked = c.blocked,
  failed = r.failed - c.cancelled - c.blocked,
  status = case when r.status = 'failed' and c.cancelled > 0 and r.failed = c.cancelled + c.blocked
    then 'cancelled' else r.status end,
  status_message = case when r.status = 'failed' and c.cancelled > 0 and r.failed = c.cancelled + c.blocked
    then null else r.status_message end
from counted c where c.id = r.id
"""


def upgrade() -> None:
    for name in ("cancelled", "blocked"):
        op.add_column(
            "job_requests", sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)
        )
    op.execute(_COUNT)


def downgrade() -> None:
    for name in ("cancelled", "blocked"):
        op.drop_column("job_requests", name)
