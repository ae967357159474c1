"""The film."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "film_registry",
        sa.Column("hash", sa.String(12), primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "film_segment",
        sa.Column("id", BIG, primary_key=True, autoincrement=False),
        sa.Column("start_ms", sa.Double, nullable=False),
        sa.Column("end_ms", sa.Double, nullable=False),
        sa.Column("registry", sa.String(12), nullable=False),
        sa.Column("samples", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_index("film_segment_span", "film_segment", ["end_ms", "start_ms", "registry", "samples"])
    op.create_table(
        "film_chunk",
        sa.Column("segment", BIG, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("until_ms", sa.Double, nullable=False),
        sa.Column("registry", sa.String(12), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
