"""What the database holds. Changing a table here needs a migration beside it; a test compares the two."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
)

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

ACCOUNT = Table(
    "account",
    METADATA,
    Column("id", String(26), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),  # lower case
    Column("display_name", String(128), nullable=False),
    Column("role", String(16), nullable=False),
    Column("password", String(256)),  # Argon2id; NULL: signs in by link alone
    Column("disabled", Boolean, nullable=False, server_default=false()),
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    Column("locked_until_ms", BigInteger, nullable=False, server_default="0"),
    Column("created_ms", BigInteger, nullable=False),
)

#: Sessions of browsers, one-time sign-in links and programs' keys: all are tokens of which the hash is kept.
TOKEN = Table(
    "token",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("id", String(26), nullable=False, unique=True),
    Column("kind", String(8), nullable=False),  # session | link | key
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("label", String(128), nullable=False, server_default=""),
    Column("created_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger),  # NULL: until revoked
)
