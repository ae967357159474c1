"""Devices: what people wrote about them, their secrets, and guesses of bindings that were wrong."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "device_fact",
        sa.Column("device", sa.String(128), primary_key=True),
        sa.Column("manufacturer", sa.String(200)),
        sa.Column("model", sa.String(200)),
        sa.Column("serial", sa.String(200)),
        sa.Column("firmware", sa.String(200)),
        sa.Column("area", sa.String(200)),
        sa.Column("organisation", sa.String(200)),
        sa.Column("installed", sa.String(10)),
        sa.Column("warranty_until", sa.String(10)),
        sa.Column("protocol", sa.String(32)),
        sa.Column("note", sa.String(1000)),
        sa.Column("maintenance", sa.String(200)),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("changed_by", sa.String(128), nullable=False),
    )
    op.create_table(
        "device_credential",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("device", sa.String(128), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("mosquitto", sa.String(200), nullable=False),
        sa.Column("issued_ms", sa.BigInteger, nullable=False),
        sa.Column("issued_by", sa.String(128), nullable=False),
        sa.Column("expires_ms", sa.BigInteger),
        sa.Column("revoked_ms", sa.BigInteger),
        sa.Column("used_ms", sa.BigInteger),
    )
    op.create_index("device_credential_once", "device_credential", ["device", "number"], unique=True)
    op.create_table(
        "binding_rejection",
        sa.Column("device", sa.String(128), primary_key=True),
        sa.Column("element", sa.String(64), primary_key=True),
        sa.Column("rejected_ms", sa.BigInteger, nullable=False),
        sa.Column("rejected_by", sa.String(128), nullable=False),
    )
