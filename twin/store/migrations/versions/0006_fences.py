"""Fences: the token of whoever was the last to take a thing over, where one of several servers does it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "fence",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("token", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("fence")
