"""Bookings, the parts that they claim, and the lights that they have switched."""

import sqlalchemy as sa
from alembic import op

revision = "booking_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "booking",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("bookable", sa.String(64), nullable=False),
        sa.Column("space", sa.String(64), nullable=False),
        sa.Column("parts", sa.Text, nullable=False),
        sa.Column("person", sa.String(128), nullable=False),
        sa.Column("person_name", sa.String(128), nullable=False),
        sa.Column("start_ms", sa.BigInteger, nullable=False),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("released_ms", sa.BigInteger),
        sa.Column("last_event", sa.String(26), nullable=False),
    )
    op.create_index("booking_by_start", "booking", ["start_ms"])
    op.create_index("booking_by_person", "booking", ["person", "start_ms"])
    op.create_index("booking_by_space", "booking", ["space", "start_ms"])
    op.create_table(
        "booking_claim",
        sa.Column("part", sa.String(64), primary_key=True),
        sa.Column("tick", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("booking", sa.String(26), nullable=False),
    )
    op.create_index("ix_booking_claim_booking", "booking_claim", ["booking"])
    op.create_table(
        "booking_light",
        sa.Column("booking", sa.String(26), primary_key=True),
        sa.Column("phase", sa.String(3), primary_key=True),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
    )
