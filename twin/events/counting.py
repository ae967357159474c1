"""How many events of which kind in which span: counted in an index, which has no more than that in it."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

Counted = tuple[int, str, str | None, int]
"""A span's number, a type, the severity of the alarms that were raised, how many."""

# The index is by kind, then time: the kinds are found by leaps from each to the next, and each span of each
# is a stretch of it. To group events by both would sort them all.
SQL = """
    WITH RECURSIVE
        kinds(kind) AS (
            SELECT min(kind) FROM event
            UNION ALL
            SELECT (SELECT min(kind) FROM event WHERE event.kind > kinds.kind)
            FROM kinds WHERE kinds.kind IS NOT NULL
        ),
        spans(number) AS (
            SELECT CAST(0 AS BIGINT) UNION ALL SELECT number + 1 FROM spans WHERE number + 1 < :spans
        )
    SELECT number, kind, amount FROM (
        SELECT number, kinds.kind AS kind, (
            SELECT count(*) FROM event
            WHERE event.kind = kinds.kind
            AND event.time_ms >= :begin + number * :width
            AND event.time_ms < CASE
                WHEN number = :spans - 1 THEN :finish ELSE :begin + (number + 1) * :width END
        ) AS amount
        FROM kinds CROSS JOIN spans WHERE kinds.kind IS NOT NULL
    ) AS counted
    WHERE amount > 0
"""
QUERY = text(SQL).bindparams(
    *(bindparam(name, type_=BigInteger) for name in ("begin", "finish", "width", "spans"))
)


@dataclass(frozen=True, slots=True)
class Spans:
    """`count` equal spans from `from_ms`, the last one to before `to_ms`; ms since 1970 UTC."""

    from_ms: int
    to_ms: int
    width_ms: int
    count: int

    @classmethod
    def of(cls, from_ms: int, to_ms: int, buckets: int) -> "Spans":
        """Cut a time into spans; none is shorter than a ms, so that a short time has fewer."""
        length_ms = max(to_ms - from_ms, 0)
        return cls(from_ms, to_ms, max(length_ms // buckets, 1), min(buckets, length_ms))


async def counted(connection: AsyncConnection, spans: Spans) -> list[Counted]:
    """How many events fall into each span, by span, type and severity; those with none are left out."""
    if not spans.count:
        return []
    values = {
        "begin": spans.from_ms,
        "finish": spans.to_ms,
        "width": spans.width_ms,
        "spans": spans.count,
    }
    rows = await connection.execute(QUERY, values)
    return sorted((_counted(*row) for row in rows), key=lambda each: (each[0], each[1], each[2] or ""))


def _counted(number: int, kind: str, amount: int) -> Counted:
    name, _, severity = kind.rpartition("/")
    return int(number), name, severity or None, int(amount)
