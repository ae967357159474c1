"""Work orders, a projection of their events."""

import sqlalchemy as sa
from alembic import op

revision = "ops_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "work_order",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False, unique=True),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("priority", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("element", sa.String(64)),
        sa.Column("device", sa.String(128)),
        sa.Column("storey", sa.String(64)),
        sa.Column("space", sa.String(64)),
        sa.Column("alarm", sa.String(26)),
        sa.Column("reporter", sa.String(128), nullable=False),
        sa.Column("assignee", sa.String(128)),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("due_ms", sa.BigInteger),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("dispatched_ms", sa.BigInteger),
        sa.Column("accepted_ms", sa.BigInteger),
        sa.Column("done_ms", sa.BigInteger),
        sa.Column("closed_ms", sa.BigInteger),
        sa.Column("reopened", sa.Integer, nullable=False),
        sa.Column("last_event", sa.String(26), nullable=False),
    )
    for column in ("state", "element", "device", "assignee"):
        op.create_index(f"work_order_by_{column}", "work_order", [column, "id"])
    is_open = sa.text("closed_ms IS NULL")
    op.create_index(
        "work_order_open_once",
        "work_order",
        ["alarm"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
