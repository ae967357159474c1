"""What events are found by, in the database: keys and terms beside the log. A projection of it.

`event_key` holds (key, seq). `event_text` holds terms: on SQLite an FTS5 table without content, on PostgreSQL
a tsvector. Both are written in the transaction of the events.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Executable,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    bindparam,
    column,
    func,
    literal,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import TEXT as PG_TEXT
from sqlalchemy.types import Text

from twin.events.about import keys_of
from twin.events.event import Event
from twin.events.words import Sought, searched, terms

INDEX_METADATA = MetaData()
SQLITE = "sqlite"

EVENT_KEY = Table(
    "event_key",
    INDEX_METADATA,
    Column("key", String(160), primary_key=True),
    Column("seq", BigInteger().with_variant(Integer, SQLITE), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

_FTS = table("event_text", column("rowid"), column("words"))
_VECTOR = table("event_text", column("seq"), column("words"))

Rows = list[dict[str, Any]]


def writes(dialect: str, events: Sequence[Event]) -> list[tuple[Executable, Rows]]:
    """The statements that index events, each with its rows.

    What an index holds already, of a log whose tail was lost, must not keep the log from going on.
    """
    keys = [{"key": key, "seq": event.seq} for event in events for key in sorted(keys_of(event))]
    found = [(event.seq, sorted(terms(searched(event)))) for event in events]
    if dialect == SQLITE:
        words: Rows = [{"seq": seq, "words": " ".join(each)} for seq, each in found]
        into = text("INSERT INTO event_text(rowid, words) VALUES (:seq, :words)")
    else:
        words = [{"seq": seq, "words": each} for seq, each in found]
        into = text(
            "INSERT INTO event_text(seq, words) VALUES (:seq, array_to_tsvector(:words))"
            " ON CONFLICT (seq) DO UPDATE SET words = excluded.words"
        ).bindparams(bindparam("words", type_=ARRAY(PG_TEXT)))
    under = text("INSERT INTO event_key(key, seq) VALUES (:key, :seq) ON CONFLICT DO NOTHING")
    return [(under, keys), (into, words)]


def with_terms(dialect: str, sought: Sought) -> tuple[Select[Any], Any]:
    """The events that may have what is sought: a query for their seqs, and its column of these."""
    if dialect == SQLITE:
        query = [f'"{term}"' for term in sought.terms] + [f'"{each}"*' for each in sought.beginnings]
        matching = column("event_text").op("MATCH")(literal(" AND ".join(query)))
        return select(_FTS.c.rowid).where(matching), _FTS.c.rowid
    query = [f"'{term}'" for term in sought.terms] + [f"'{each}':*" for each in sought.beginnings]
    matching = _VECTOR.c.words.op("@@")(text("CAST(:sought AS tsquery)").bindparams(sought=" & ".join(query)))
    return select(_VECTOR.c.seq).where(matching), _VECTOR.c.seq


def with_keys(dialect: str, keys: Iterable[str]) -> tuple[Select[Any], Any]:
    """The events with any of some keys: a query for their seqs, and its column of these."""
    wanted = sorted(keys)
    if len(wanted) == 1:
        return select(EVENT_KEY.c.seq).where(EVENT_KEY.c.key == wanted[0]), EVENT_KEY.c.seq
    query = select(EVENT_KEY.c.seq).where(EVENT_KEY.c.key.in_(listed(dialect, wanted, Text())))
    return query.distinct(), EVENT_KEY.c.seq


def listed(dialect: str, values: Sequence[Any], kind: Any) -> Select[Any]:
    """Values as a subquery, however many: a statement has room for some thousand parameters alone."""
    if dialect == SQLITE:
        return select(func.json_each(json.dumps(values)).table_valued("value").c.value)
    return select(func.unnest(literal(list(values), ARRAY(kind))))
