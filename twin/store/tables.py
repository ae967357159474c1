"""What the database holds. Changing a table here needs a migration beside it; a test compares the two."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

METADATA = MetaData()

#: SQLite numbers rows by itself only where the key is an INTEGER.
BIG = BigInteger().with_variant(Integer, "sqlite")

EVENT = Table(
    "event",
    METADATA,
    Column("seq", BIG, primary_key=True, autoincrement=False),  # 1, 2, 3 ... without a gap
    Column("id", String(26), nullable=False, unique=True),
    Column("time_ms", BigInteger, nullable=False),
    Column("type", String(64), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("cause", String(26)),
    Column("data", Text, nullable=False),  # canonical JSON: the hash is over these very characters
    Column("hash", String(64), nullable=False),
    Index("event_by_time", "time_ms"),
    Index("event_by_type", "type", "time_ms"),
    Index("event_by_subject", "subject", "time_ms"),
)
