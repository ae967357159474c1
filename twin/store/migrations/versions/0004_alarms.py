"""Alarms, a projection of their events."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "alarm",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("device", sa.String(128), nullable=False),
        sa.Column("point", sa.String(128), nullable=False),
        sa.Column("element", sa.String(64)),
        sa.Column("space", sa.String(64)),
        sa.Column("storey", sa.String(64)),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("occurrences", sa.Integer, nullable=False),
        sa.Column("raised_ms", sa.BigInteger, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("returned_ms", sa.BigInteger),
        sa.Column("acknowledged_ms", sa.BigInteger),
        sa.Column("acknowledged_by", sa.String(128)),
        sa.Column("closed_ms", sa.BigInteger),
        sa.Column("closed_by", sa.String(128)),
        sa.Column("shelved_until_ms", sa.BigInteger),
        sa.Column("shelved_by", sa.String(128)),
        sa.Column("last_event", sa.String(26), nullable=False),
        sa.Column("shown", sa.Text, nullable=False),
    )
    op.create_index("alarm_by_raised", "alarm", ["raised_ms"])
    op.create_index("alarm_by_device", "alarm", ["device", "raised_ms"])
    op.create_index("alarm_by_priority", "alarm", ["priority", "id"])
    is_open = sa.text("closed_ms IS NULL")
    op.create_index(
        "alarm_open_once",
        "alarm",
        ["rule", "device", "point"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
