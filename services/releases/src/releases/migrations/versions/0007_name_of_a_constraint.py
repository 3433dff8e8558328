"""a constraint has the name that its model gives it; 0004 put the prefix twice"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TWICE, _ONCE = "ck_release_files_ck_release_files_withdrawn_pair", "ck_release_files_withdrawn_pair"


def upgrade() -> None:
    op.execute(f"alter table release_files rename constraint {_TWICE} to {_ONCE}")


def downgrade() -> None:
    op.execute(f"alter table release_files rename constraint {_ONCE} to {_TWICE}")
