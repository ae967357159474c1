"""What the operations panel keeps in the database; `migrations/` makes it."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

METADATA = MetaData()

#: Work orders by their events: a projection, which `twin.panels.ops.store.rebuild` makes anew.
WORK_ORDER = Table(
    "work_order",
    METADATA,
    Column("id", String(26), primary_key=True),  # time-ordered
    Column("number", Integer, nullable=False, unique=True),  # 1, 2, 3 ...: what people say
    Column("title", String(120), nullable=False),
    Column("description", Text, nullable=False),
    Column("priority", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("element", String(64)),
    Column("device", String(128)),
    Column("storey", String(64)),
    Column("space", String(64)),
    Column("alarm", String(26)),
    Column("reporter", String(128), nullable=False),
    Column("assignee", String(128)),
    Column("note", Text, nullable=False),
    Column("due_ms", BigInteger),
    Column("created_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("dispatched_ms", BigInteger),
    Column("accepted_ms", BigInteger),
    Column("done_ms", BigInteger),
    Column("closed_ms", BigInteger),
    Column("reopened", Integer, nullable=False),
    Column("last_event", String(26), nullable=False),
    Index("work_order_by_state", "state", "id"),
    Index("work_order_by_element", "element", "id"),
    Index("work_order_by_device", "device", "id"),
    Index("work_order_by_assignee", "assignee", "id"),
)

#: Of one alarm at most one order is open.
Index(
    "work_order_open_once",
    WORK_ORDER.c.alarm,
    unique=True,
    sqlite_where=WORK_ORDER.c.closed_ms.is_(None),
    postgresql_where=WORK_ORDER.c.closed_ms.is_(None),
)
