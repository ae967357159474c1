"""Which model and which bindings were in force when."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "film_scene",
        sa.Column("number", BIG, primary_key=True, autoincrement=False),
        sa.Column("from_ms", sa.Double, nullable=False),
        sa.Column("until_ms", sa.Double, nullable=True),
        sa.Column("revision", sa.String(64), nullable=False),
        sa.Column("bindings", sa.String(16), nullable=False),
    )
    op.create_table(
        "film_bindings",
        sa.Column("hash", sa.String(16), primary_key=True),
        sa.Column("base", sa.String(16), nullable=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("film_bindings")
    op.drop_table("film_scene")
