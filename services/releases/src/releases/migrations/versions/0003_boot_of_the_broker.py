"""which start of the broker last said that it has a message"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("boot", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("outbox", "boot")
