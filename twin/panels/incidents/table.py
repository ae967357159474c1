"""What incident reports keep in the database; `migrations/` makes it."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

METADATA = MetaData()

#: Incidents by their events: a projection, which `twin.panels.incidents.store.rebuild` makes anew.
INCIDENT = Table(
    "incident",
    METADATA,
    Column("id", String(26), primary_key=True),  # time-ordered
    Column("number", Integer, nullable=False, unique=True),  # 1, 2, 3 ...: what people say
    Column("title", String(200), nullable=False),
    Column("from_ms", BigInteger, nullable=False),
    Column("to_ms", BigInteger, nullable=False),
    Column("author", String(128), nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("said", Text, nullable=False),  # JSON of all of it
    Index("incident_by_time", "from_ms", "to_ms"),
)

#: The pictures' bytes; what is known of them is with the incident.
INCIDENT_PICTURE = Table(
    "incident_picture",
    METADATA,
    Column("id", String(26), primary_key=True),
    Column("incident", String(26), nullable=False, index=True),
    Column("png", LargeBinary, nullable=False),
)
