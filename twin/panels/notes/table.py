"""What notes keep in the database; `migrations/` makes it."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

METADATA = MetaData()

#: Notes by their events: a projection, which `twin.panels.notes.store.rebuild` makes anew.
NOTE = Table(
    "note",
    METADATA,
    Column("id", String(26), primary_key=True),
    Column("text", Text, nullable=False),
    Column("from_ms", BigInteger, nullable=False),
    Column("to_ms", BigInteger),
    Column("end_ms", BigInteger, nullable=False),  # to_ms, of a moment from_ms
    Column("element", String(64)),
    Column("author", String(128), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("last_event", String(26), nullable=False),
    Index("note_by_begin", "from_ms", "id"),
    Index("note_by_end", "end_ms"),
    Index("note_by_element", "element", "from_ms"),
)
