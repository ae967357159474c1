"""Events are counted by what kind they are, without being read."""

import sqlalchemy as sa
from alembic import op

from twin.store.tables import EVENT_KIND

revision = "events_0002"
down_revision = "events_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    # SQLite adds none that is stored, and its index has it all the same; PostgreSQL knows no other.
    stored = op.get_bind().dialect.name != "sqlite"
    op.add_column("event", sa.Column("kind", sa.String(80), sa.Computed(EVENT_KIND, persisted=stored)))
    op.create_index("event_by_kind", "event", ["kind", "time_ms"])
