"""where a delivery can be seen; each channel has a queue of its own"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

WAITING = sa.text("status = 'waiting'")


def upgrade() -> None:
    op.add_column('deliveries', sa.Column('url', sa.Text(), nullable=True))
    op.create_index('ix_deliveries_recipient', 'deliveries', ['recipient_id', 'template'])
    op.drop_index('ix_deliveries_waiting', table_name='deliveries')
    op.create_index(
        'ix_deliveries_waiting', 'deliveries', ['channel', 'next_attempt_at'], postgresql_where=WAITING
    )


def downgrade() -> None:
    op.drop_index('ix_deliveries_waiting', table_name='deliveries')
    op.create_index('ix_deliveries_waiting', 'deliveries', ['next_attempt_at'], postgresql_where=WAITING)
    op.drop_index('ix_deliveries_recipient', table_name='deliveries')
    op.drop_column('deliveries', 'url')
