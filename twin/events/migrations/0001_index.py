"""Events are found by keys and by text, by their type or subject in their order, and by their cause."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from twin.events.index import writes
from twin.events.rows import event_of
from twin.store.tables import EVENT

revision = "events_0001"
down_revision = None
branch_labels = None
depends_on = None

AT_ONCE = 2000
FTS = (
    "CREATE VIRTUAL TABLE event_text USING fts5("
    "words, content='', columnsize=0, detail=none, tokenize='ascii')"
)


def upgrade() -> None:
    """Apply."""
    op.drop_index("event_by_type", "event")
    op.drop_index("event_by_subject", "event")
    op.create_index("event_by_type", "event", ["type", "seq"])
    op.create_index("event_by_subject", "event", ["subject", "seq"])
    op.create_index("event_by_cause", "event", ["cause", "seq"])
    op.create_table(
        "event_key",
        sa.Column("key", sa.String(160), primary_key=True),
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
        ),
        sqlite_with_rowid=False,
    )
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        op.execute(FTS)
    else:
        op.execute("CREATE TABLE event_text (seq BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)")
    _index_all(connection)
    if connection.dialect.name != "sqlite":
        op.execute("CREATE INDEX event_text_words ON event_text USING gin (words)")


def _index_all(connection: sa.Connection) -> None:
    """Index the events that are there already."""
    seq = 0
    while rows := _page(connection, seq):
        for statement, values in writes(connection.dialect.name, [event_of(row) for row in rows]):
            connection.execute(statement, values)
        seq = rows[-1].seq


def _page(connection: sa.Connection, after_seq: int) -> Sequence[sa.Row[Any]]:
    there = [column for column in EVENT.c if column.computed is None]
    query = sa.select(*there).where(EVENT.c.seq > after_seq).order_by(EVENT.c.seq).limit(AT_ONCE)
    return connection.execute(query).all()
