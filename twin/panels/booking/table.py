"""What the booking panel keeps in the database; `migrations/` makes it."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

METADATA = MetaData()

#: Bookings by their events: a projection, which `twin.panels.booking.ledger.rebuild` makes anew.
BOOKING = Table(
    "booking",
    METADATA,
    Column("id", String(26), primary_key=True),
    Column("bookable", String(64), nullable=False),
    Column("space", String(64), nullable=False),
    Column("parts", Text, nullable=False),  # JSON list
    Column("person", String(128), nullable=False),
    Column("person_name", String(128), nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("people", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("released_ms", BigInteger),
    Column("last_event", String(26), nullable=False),
    Index("booking_by_start", "start_ms"),
    Index("booking_by_person", "person", "start_ms"),
    Index("booking_by_space", "space", "start_ms"),
)

#: Whose each part is in each quarter of an hour: the key is what keeps anything from being booked twice.
CLAIM = Table(
    "booking_claim",
    METADATA,
    Column("part", String(64), primary_key=True),
    Column("tick", BigInteger, primary_key=True, autoincrement=False),  # start_ms / 900,000
    Column("booking", String(26), nullable=False, index=True),
)

#: Which bookings have switched their lights, so that a restart does not do it again.
LIGHT = Table(
    "booking_light",
    METADATA,
    Column("booking", String(26), primary_key=True),
    Column("phase", String(3), primary_key=True),  # on | off
    Column("time_ms", BigInteger, nullable=False),
)
