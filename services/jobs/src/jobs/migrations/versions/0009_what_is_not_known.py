"""whether the controller answers, and which backends it does not mention, since when"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("backend_health", sa.Column("unmentioned_since", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "controller",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_controller")),
    )


def downgrade() -> None:
    op.drop_table("controller")
    op.drop_column("backend_health", "unmentioned_since")
