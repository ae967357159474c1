"""Sums of the film by the hour."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "film_rollup",
        sa.Column("strip", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("start_ms", sa.Double, primary_key=True, autoincrement=False),
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("end_ms", sa.Double, nullable=False),
        sa.Column("registry", sa.String(12), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_index("film_rollup_by_start", "film_rollup", ["start_ms"])
    op.create_table(
        "film_rollup_due",
        sa.Column("change", BIG, primary_key=True, autoincrement=False),
        sa.Column("from_ms", sa.Double, nullable=False),
        sa.Column("to_ms", sa.Double, nullable=False),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("film_rollup_due")
    op.drop_table("film_rollup")
