"""what waits or was given up, among all that was delivered"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create index ix_deliveries_status on deliveries (status, id desc)")


def downgrade() -> None:
    op.drop_index("ix_deliveries_status", table_name="deliveries")
