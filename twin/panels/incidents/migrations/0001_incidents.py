"""Incident reports and their pictures."""

import sqlalchemy as sa
from alembic import op

revision = "incidents_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "incident",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False, unique=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("from_ms", sa.BigInteger, nullable=False),
        sa.Column("to_ms", sa.BigInteger, nullable=False),
        sa.Column("author", sa.String(128), nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
    )
    op.create_index("incident_by_time", "incident", ["from_ms", "to_ms"])
    op.create_table(
        "incident_picture",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("incident", sa.String(26), nullable=False, index=True),
        sa.Column("png", sa.LargeBinary, nullable=False),
    )
