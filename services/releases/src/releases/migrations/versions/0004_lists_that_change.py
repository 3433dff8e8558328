"""a release may get another list; who sent it may finish it"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "release_creators",
        sa.Column("release_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", _AT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name="fk_release_creators_release_id"),
        sa.PrimaryKeyConstraint("release_id", "user_id", name="pk_release_creators"),
    )
    op.execute(
        "INSERT INTO release_creators (release_id, user_id, at)"
        " SELECT id, created_by_id, created_at FROM releases"
    )
    op.execute(
        "UPDATE releases SET completed_at = created_at WHERE completed_at IS NULL"
        " AND NOT EXISTS (SELECT FROM release_files f WHERE f.release_id = releases.id)"
    )
    op.add_column("release_files", sa.Column("withdrawn_at", _AT))
    op.add_column("release_files", sa.Column("withdrawn_by_id", sa.BigInteger()))
    op.add_column("release_files", sa.Column("swept_at", _AT))
    op.create_check_constraint(
        "ck_release_files_withdrawn_pair",
        "release_files",
        "(withdrawn_at IS NULL) = (withdrawn_by_id IS NULL)",
    )
    op.drop_index("ix_release_files_release", table_name="release_files")
    op.create_index("ix_release_files_release", "release_files", ["release_id", "name"])
    op.create_index(
        "ix_release_files_listed",
        "release_files",
        ["release_id", "name"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_index(
        "ix_release_files_unswept",
        "release_files",
        ["withdrawn_at"],
        postgresql_where=sa.text("withdrawn_at IS NOT NULL AND swept_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_release_files_unswept", table_name="release_files")
    op.drop_index("ix_release_files_listed", table_name="release_files")
    op.execute("DELETE FROM release_files WHERE withdrawn_at IS NOT NULL")
    op.drop_index("ix_release_files_release", table_name="release_files")
    op.create_index("ix_release_files_release", "release_files", ["release_id", "name"], unique=True)
    op.drop_constraint(op.f("ck_release_files_ck_release_files_withdrawn_pair"), "release_files")
    for column in ("swept_at", "withdrawn_by_id", "withdrawn_at"):
        op.drop_column("release_files", column)
    op.drop_table("release_creators")
