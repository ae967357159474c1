"""What the database holds. Changing a table here needs a migration beside it; a test compares the two."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
)

METADATA = MetaData()

#: SQLite numbers rows by itself only where the key is an INTEGER.
BIG = BigInteger().with_variant(Integer, "sqlite")

#: An event's type, a slash, and how severe the alarm is that it raised: what events are counted by. Data are
#: canonical JSON, so that no text within can feign a member.
EVENT_KIND = (
    "type || '/' || CASE WHEN type <> 'alarm.raised' THEN ''"
    + "".join(
        f""" WHEN data LIKE '%"priority":"{each}"%' THEN '{each}'"""
        for each in ("critical", "high", "medium", "low")
    )
    + " ELSE '' END"
)

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
    Column("kind", String(80), Computed(EVENT_KIND)),
    Index("event_by_time", "time_ms"),
    Index("event_by_kind", "kind", "time_ms"),
    Index("event_by_type", "type", "seq"),
    Index("event_by_subject", "subject", "seq"),
    Index("event_by_cause", "cause", "seq"),
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

#: What points were, by the hash of their registry: old film is read by it.
FILM_REGISTRY = Table(
    "film_registry",
    METADATA,
    Column("hash", String(12), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

#: Recorded stretches of some minutes. `change` grows with everything that is written or written again.
FILM_SEGMENT = Table(
    "film_segment",
    METADATA,
    Column("id", BIG, primary_key=True, autoincrement=False),  # the later recorded, the greater
    Column("start_ms", Double, nullable=False),
    Column("end_ms", Double, nullable=False),
    Column("registry", String(12), nullable=False),
    Column("samples", Integer, nullable=False),
    Column("change", BIG, nullable=False),
    Column("afterwards", Boolean, nullable=False),  # of a gap: samples that were delivered later
    Index("film_segment_change", "change"),
    Index("film_segment_end", "end_ms"),
)

#: A segment's samples, 256 points a row: what one point did is read without the rest.
FILM_STRIP = Table(
    "film_strip",
    METADATA,
    Column("strip", Integer, primary_key=True, autoincrement=False),
    Column("segment", BIG, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
    Index("film_strip_by_segment", "segment"),
)

#: Parts of a segment that is not whole yet, a few seconds each.
FILM_CHUNK = Table(
    "film_chunk",
    METADATA,
    Column("segment", BIG, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("start_ms", Double, nullable=False),
    Column("until_ms", Double, nullable=False),
    Column("registry", String(12), nullable=False),
    Column("data", LargeBinary, nullable=False),
)

#: Samples that came too late for the segment in the making, until they are merged into theirs.
FILM_LATE = Table(
    "film_late",
    METADATA,
    Column("id", BIG, primary_key=True, autoincrement=False),
    Column("registry", String(12), nullable=False),
    Column("data", LargeBinary, nullable=False),
)

#: Files of film that is no longer in `film_strip`, each of a day and a policy.
FILM_COLD_FILE = Table(
    "film_cold_file",
    METADATA,
    Column("key", String(200), primary_key=True),
    Column("state", String(8), nullable=False),  # writing | whole | going; whole ones alone count
    Column("day", String(10), nullable=False),  # of the venue, ISO 8601
    Column("policy", String(64), nullable=False),
    Column("from_ms", Double, nullable=False),
    Column("to_ms", Double, nullable=False),
    Column("parts", Integer, nullable=False),  # of so many segments when it was written
    Column("samples", BIG, nullable=False),
    Column("bytes", BIG, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("written_ms", BigInteger, nullable=False),
    Index("film_cold_file_by_end", "policy", "to_ms"),
)

#: Which part of a file is which segment's; no file: the policy has nothing of the segment in the database.
FILM_COLD = Table(
    "film_cold",
    METADATA,
    Column("segment", BIG, primary_key=True, autoincrement=False),
    Column("policy", String(64), primary_key=True),
    Column("file", String(200), primary_key=True),
    Column("row_group", Integer, nullable=False),  # the first
    Column("row_groups", Integer, nullable=False),
    Column("samples", Integer, nullable=False),
    Index("film_cold_by_file", "file"),
)

#: Sums of an hour, 256 points a row: what is asked of a year is not read from its samples. Strip -1 says that
#: the hour's are made. Where devices changed within the hour it has several parts, each with its registry.
FILM_ROLLUP = Table(
    "film_rollup",
    METADATA,
    Column("strip", Integer, primary_key=True, autoincrement=False),
    Column("start_ms", Double, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("end_ms", Double, nullable=False),
    Column("registry", String(12), nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("film_rollup_by_start", "start_ms"),
)

#: Film that was written, by its change, and whose hours' sums are not made of it yet.
FILM_ROLLUP_DUE = Table(
    "film_rollup_due",
    METADATA,
    Column("change", BIG, primary_key=True, autoincrement=False),
    Column("from_ms", Double, nullable=False),
    Column("to_ms", Double, nullable=False),
)

#: From when until when which model and which bindings were in force; later numbers count over earlier ones.
FILM_SCENE = Table(
    "film_scene",
    METADATA,
    Column("number", BIG, primary_key=True, autoincrement=False),
    Column("from_ms", Double, nullable=False),
    Column("until_ms", Double, nullable=True),  # null: it is in force
    Column("revision", String(64), nullable=False),
    Column("bindings", String(16), nullable=False),
)

#: Which device stood for which element, by the hash of it all; as a whole, or what differs from a `base`.
FILM_BINDINGS = Table(
    "film_bindings",
    METADATA,
    Column("hash", String(16), primary_key=True),
    Column("base", String(16), nullable=True),
    Column("data", LargeBinary, nullable=False),
)

#: Alarms by their events: a projection, which `twin.alarms.projection.rebuild` makes anew.
ALARM = Table(
    "alarm",
    METADATA,
    Column("id", String(26), primary_key=True),  # time-ordered, by the first raising
    Column("rule", String(64), nullable=False),
    Column("priority", Integer, nullable=False),  # 0 critical ... 3 low
    Column("device", String(128), nullable=False),
    Column("point", String(128), nullable=False),
    Column("element", String(64)),
    Column("space", String(64)),
    Column("storey", String(64)),
    Column("state", String(32), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("occurrences", Integer, nullable=False),
    Column("raised_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("returned_ms", BigInteger),
    Column("acknowledged_ms", BigInteger),
    Column("acknowledged_by", String(128)),
    Column("closed_ms", BigInteger),
    Column("closed_by", String(128)),
    Column("shelved_until_ms", BigInteger),
    Column("shelved_by", String(128)),
    Column("last_event", String(26), nullable=False),
    Column("shown", Text, nullable=False),  # JSON of what is shown and never searched
    Index("alarm_by_raised", "raised_ms"),
    Index("alarm_by_device", "device", "raised_ms"),
    Index("alarm_by_priority", "priority", "id"),
)

#: Of one rule and one point at most one alarm is open.
Index(
    "alarm_open_once",
    ALARM.c.rule,
    ALARM.c.device,
    ALARM.c.point,
    unique=True,
    sqlite_where=ALARM.c.closed_ms.is_(None),
    postgresql_where=ALARM.c.closed_ms.is_(None),
)

#: What people wrote about devices over what the venue's files say; NULL: as the files say.
DEVICE_FACT = Table(
    "device_fact",
    METADATA,
    Column("device", String(128), primary_key=True),
    Column("manufacturer", String(200)),
    Column("model", String(200)),
    Column("serial", String(200)),
    Column("firmware", String(200)),
    Column("area", String(200)),
    Column("organisation", String(200)),
    Column("installed", String(10)),  # ISO 8601 date
    Column("warranty_until", String(10)),
    Column("protocol", String(32)),
    Column("note", String(1000)),
    Column("maintenance", String(200)),  # why it must be left alone; NULL: it is in service
    Column("changed_ms", BigInteger, nullable=False),
    Column("changed_by", String(128), nullable=False),
)

#: Secrets of devices, of which hashes are kept: SHA-256, and mosquitto's own for its password file.
DEVICE_CREDENTIAL = Table(
    "device_credential",
    METADATA,
    Column("id", String(26), primary_key=True),
    Column("device", String(128), nullable=False),
    Column("number", Integer, nullable=False),  # 1, 2 ... within the device
    Column("digest", String(64), nullable=False, unique=True),
    Column("mosquitto", String(200), nullable=False),
    Column("issued_ms", BigInteger, nullable=False),
    Column("issued_by", String(128), nullable=False),
    Column("expires_ms", BigInteger),  # NULL: until it is rotated or revoked
    Column("revoked_ms", BigInteger),
    Column("used_ms", BigInteger),  # to the minute
    Index("device_credential_once", "device", "number", unique=True),
)

#: Guesses of the binding rules that a person said are wrong.
BINDING_REJECTION = Table(
    "binding_rejection",
    METADATA,
    Column("device", String(128), primary_key=True),
    Column("element", String(64), primary_key=True),
    Column("rejected_ms", BigInteger, nullable=False),
    Column("rejected_by", String(128), nullable=False),
)

#: Which of several servers took a thing over last: what an older one writes of it is refused.
FENCE = Table(
    "fence",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("token", BigInteger, nullable=False),
)
