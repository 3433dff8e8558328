"""leases of what is being sent, kinds of trouble, and since when the controller does not know a request"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("submissions", "cancellations"):
        op.add_column(table, sa.Column("lease", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True))
        op.add_column(table, sa.Column("trouble", sa.Text(), nullable=True))
    op.add_column("submissions", sa.Column("unknown_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("cancellations", sa.Column("given_up", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    # A try of an older worker may have arrived.
    op.execute(
        "update submissions set unclear_at = coalesce(unclear_at, first_sent_at)"
        " where state = 'waiting' and body is not null"
    )


def downgrade() -> None:
    op.drop_column("cancellations", "given_up")
    op.drop_column("submissions", "unknown_since")
    for table in ("submissions", "cancellations"):
        for name in ("lease", "leased_until", "trouble"):
            op.drop_column(table, name)
