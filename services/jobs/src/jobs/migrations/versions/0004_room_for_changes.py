"""room for changes beside a row, and one index for identifiers"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table jobs set (fillfactor = 60)")
    op.execute("alter table action_status set (fillfactor = 60)")
    op.alter_column("jobs", "identifier", type_=sa.Text(collation="C"))
    op.drop_index("ix_jobs_identifier_pattern", "jobs")


def downgrade() -> None:
    op.execute("alter table jobs reset (fillfactor)")
    op.execute("alter table action_status reset (fillfactor)")
    op.alter_column("jobs", "identifier", type_=sa.Text())
    op.create_index(
        "ix_jobs_identifier_pattern",
        "jobs",
        ["identifier"],
        postgresql_ops={"identifier": "text_pattern_ops"},
    )
