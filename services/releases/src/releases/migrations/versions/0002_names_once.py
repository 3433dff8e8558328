"""a name once in a release, events only added"""

from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index('ix_release_files_release', table_name='release_files')
    op.create_index('ix_release_files_release', 'release_files', ['release_id', 'name'], unique=True)
    op.execute('REVOKE UPDATE, DELETE ON airlock_events FROM releases')


def downgrade() -> None:
    op.execute('GRANT UPDATE, DELETE ON airlock_events TO releases')
    op.drop_index('ix_release_files_release', table_name='release_files')
    op.create_index('ix_release_files_release', 'release_files', ['release_id', 'name'], unique=False)
