"""which call used a login token, so that the same call may be made again when its answer was lost"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("login_tokens", sa.Column("used_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("login_tokens", sa.Column("used_by_call", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("login_tokens", "used_by_call")
    op.drop_column("login_tokens", "used_at")
