"""Notes, a projection of their events."""

import sqlalchemy as sa
from alembic import op

revision = "notes_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "note",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("from_ms", sa.BigInteger, nullable=False),
        sa.Column("to_ms", sa.BigInteger),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
        sa.Column("element", sa.String(64)),
        sa.Column("author", sa.String(128), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("last_event", sa.String(26), nullable=False),
    )
    op.create_index("note_by_begin", "note", ["from_ms", "id"])
    op.create_index("note_by_end", "note", ["end_ms"])
    op.create_index("note_by_element", "note", ["element", "from_ms"])
