"""Film in files: which of it lies where."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "film_cold_file",
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("policy", sa.String(64), nullable=False),
        sa.Column("from_ms", sa.Double, nullable=False),
        sa.Column("to_ms", sa.Double, nullable=False),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("samples", BIG, nullable=False),
        sa.Column("bytes", BIG, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("written_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("film_cold_file_by_end", "film_cold_file", ["policy", "to_ms"])
    op.create_table(
        "film_cold",
        sa.Column("segment", BIG, primary_key=True, autoincrement=False),
        sa.Column("policy", sa.String(64), primary_key=True),
        sa.Column("file", sa.String(200), primary_key=True),
        sa.Column("row_group", sa.Integer, nullable=False),
        sa.Column("row_groups", sa.Integer, nullable=False),
        sa.Column("samples", sa.Integer, nullable=False),
    )
    op.create_index("film_cold_by_file", "film_cold", ["file"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("film_cold")
    op.drop_table("film_cold_file")
