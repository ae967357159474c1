"""Film by samples with their own times, in strips. Film of the form before is given up: no release had it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Apply."""
    op.drop_index("film_segment_span", "film_segment")
    op.drop_table("film_segment")
    op.drop_table("film_chunk")
    op.create_table(
        "film_chunk",
        sa.Column("segment", BIG, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("start_ms", sa.Double, nullable=False),
        sa.Column("until_ms", sa.Double, nullable=False),
        sa.Column("registry", sa.String(12), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "film_segment",
        sa.Column("id", BIG, primary_key=True, autoincrement=False),
        sa.Column("start_ms", sa.Double, nullable=False),
        sa.Column("end_ms", sa.Double, nullable=False),
        sa.Column("registry", sa.String(12), nullable=False),
        sa.Column("samples", sa.Integer, nullable=False),
        sa.Column("change", BIG, nullable=False),
        sa.Column("afterwards", sa.Boolean, nullable=False),
    )
    op.create_index("film_segment_change", "film_segment", ["change"])
    op.create_index("film_segment_end", "film_segment", ["end_ms"])
    op.create_table(
        "film_strip",
        sa.Column("strip", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("segment", BIG, primary_key=True, autoincrement=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_index("film_strip_by_segment", "film_strip", ["segment"])
    op.create_table(
        "film_late",
        sa.Column("id", BIG, primary_key=True, autoincrement=False),
        sa.Column("registry", sa.String(12), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
