"""The film's rivals: rows in SQLite and PostgreSQL, and DuckDB over Parquet. Each writes a trace and answers
what every point read at a moment, and what one point did.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import io
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import asyncpg
import numpy as np

from benchmarks.film_trace import Arrival
from benchmarks.mqtt_load import free_port
from telemetry_bridge.samples import Samples

FLUSH_MS = 2000.0
#: What everybody sets who writes much: the rest is PostgreSQL's own.
TUNED = ("shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=30min", "random_page_cost=1.1")
PARQUET_MS = 300_000.0


class Rival(Protocol):
    """A way to keep samples. Times are ms since 1970 UTC."""

    name: str

    def write(self, arrivals: Sequence[Arrival]) -> float:
        """Write a trace as it comes, safe every two seconds of it; gives the wall seconds."""

    def nbytes(self) -> int:
        """What it takes on disk."""

    def state(self, time_ms: float, points: int) -> dict[int, float]:
        """What each point read last at a time."""

    def track(self, point: int) -> list[tuple[float, float]]:
        """Time and value of all that one point read."""


def batches(arrivals: Sequence[Arrival], every_ms: float) -> Iterator[Samples]:
    """What came in each stretch of so many ms."""
    held: list[Samples] = []
    due_ms = arrivals[0].time_ms + every_ms
    for arrival in arrivals:
        held.append(arrival.samples)
        if arrival.time_ms >= due_ms or arrival is arrivals[-1]:
            yield Samples.joined(held)
            held, due_ms = [], due_ms + every_ms


def _rows(samples: Samples) -> list[tuple[int, float, float, int]]:
    columns = (samples.point_index, samples.time_ms, samples.value, samples.quality)
    return list(zip(*(column.tolist() for column in columns), strict=True))


LAST_OF_EACH = """
    WITH RECURSIVE p(point) AS (SELECT 0 UNION ALL SELECT point + 1 FROM p WHERE point < :last)
    SELECT point, (
        SELECT value FROM sample WHERE sample.point = p.point AND time <= :moment ORDER BY time DESC LIMIT 1
    ) FROM p
"""


class SqliteRows:
    """A row a sample, kept in the order of point and time: an index beside the rows is as slow to write,
    takes twice the room, and reads a point ten times slower.
    """

    name = "SQLite rows"

    def __init__(self, folder: Path) -> None:
        self._path = folder / "rows.db"
        self._connection = sqlite3.connect(self._path, isolation_level=None)
        self._connection.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-262144;"
            "CREATE TABLE sample (point INTEGER, time REAL, value REAL, quality INTEGER,"
            " PRIMARY KEY (point, time)) WITHOUT ROWID"
        )

    def write(self, arrivals: Sequence[Arrival]) -> float:
        """As `Rival.write`."""
        start = time.perf_counter()
        for samples in batches(arrivals, FLUSH_MS):
            self._connection.execute("BEGIN")
            self._connection.executemany("INSERT INTO sample VALUES (?, ?, ?, ?)", _rows(samples))
            self._connection.execute("COMMIT")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return time.perf_counter() - start

    def nbytes(self) -> int:
        """As `Rival.nbytes`."""
        return self._path.stat().st_size

    def state(self, time_ms: float, points: int) -> dict[int, float]:
        """One look into the index a point."""
        rows = self._connection.execute(LAST_OF_EACH, {"moment": time_ms, "last": points - 1}).fetchall()
        return {point: value for point, value in rows if value is not None}

    def track(self, point: int) -> list[tuple[float, float]]:
        """As `Rival.track`."""
        query = "SELECT time, value FROM sample WHERE point = ? ORDER BY time"
        return self._connection.execute(query, (point,)).fetchall()


#: A row as COPY's binary form has it: how many fields, then each one's length and bytes.
COPY_ROW = np.dtype(
    [("fields", ">i2")]
    + [
        field
        for name, kind in (("point", ">i4"), ("time", ">f8"), ("value", ">f8"), ("quality", ">i2"))
        for field in ((f"{name}_bytes", ">i4"), (name, kind))
    ]
)
COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_END = b"\xff\xff"


def _copied(samples: Samples) -> bytes:
    rows = np.zeros(len(samples), dtype=COPY_ROW)
    rows["fields"] = 4
    columns = {
        "point": samples.point_index,
        "time": samples.time_ms,
        "value": samples.value,
        "quality": samples.quality,
    }
    for name, column in columns.items():
        rows[f"{name}_bytes"], rows[name] = COPY_ROW[name].itemsize, column
    return COPY_HEAD + rows.tobytes() + COPY_END


class PostgresRows:
    """A row a sample in PostgreSQL, written by binary COPY, with an index that answers by itself."""

    name = "PostgreSQL rows"

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        connect: Any = asyncpg.connect
        self._connection: Any = self._runner.run(connect(url))
        self._run(
            "CREATE TABLE sample (point int4, time float8, value float8, quality int2);"
            "CREATE INDEX sample_by_point ON sample (point, time) INCLUDE (value)"
        )

    def _run(self, query: str) -> None:
        self._runner.run(self._connection.execute(query))

    def write(self, arrivals: Sequence[Arrival]) -> float:
        """As `Rival.write`."""
        start = time.perf_counter()
        for samples in batches(arrivals, FLUSH_MS):
            data = io.BytesIO(_copied(samples))
            self._runner.run(self._connection.copy_to_table("sample", source=data, format="binary"))
        seconds = time.perf_counter() - start
        self._run("VACUUM ANALYZE sample")
        return seconds

    def nbytes(self) -> int:
        """As `Rival.nbytes`."""
        return int(self._runner.run(self._connection.fetchval("SELECT pg_total_relation_size('sample')")))

    def state(self, time_ms: float, points: int) -> dict[int, float]:
        """One look into the index a point."""
        query = (
            "SELECT p, s.value FROM generate_series(0, $2::int - 1) p CROSS JOIN LATERAL (SELECT value"
            " FROM sample WHERE point = p AND time <= $1 ORDER BY time DESC LIMIT 1) s"
        )
        return dict(self._runner.run(self._connection.fetch(query, time_ms, points)))

    def track(self, point: int) -> list[tuple[float, float]]:
        """As `Rival.track`."""
        query = "SELECT time, value FROM sample WHERE point = $1 ORDER BY time"
        return [tuple(row) for row in self._runner.run(self._connection.fetch(query, point))]

    def close(self) -> None:
        """Let go of the connection."""
        self._runner.run(self._connection.close())
        self._runner.close()


class DuckParquet:
    """A Parquet file every five minutes, sorted by point and time, read by DuckDB with an ASOF join."""

    name = "DuckDB over Parquet"

    def __init__(self, folder: Path) -> None:
        import duckdb  # noqa: PLC0415 - of the benchmarks alone

        self._folder = folder / "parquet"
        self._folder.mkdir()
        self._duck: Any = duckdb.connect()
        self._files = str(self._folder / "*.parquet")

    def write(self, arrivals: Sequence[Arrival]) -> float:
        """As `Rival.write`, but safe every five minutes: smaller files would cost it more."""
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415

        start = time.perf_counter()
        for number, samples in enumerate(batches(arrivals, PARQUET_MS)):
            table = pa.table(
                {
                    "point": samples.point_index,
                    "time": samples.time_ms,
                    "value": samples.value,
                    "quality": samples.quality,
                }
            ).sort_by([("point", "ascending"), ("time", "ascending")])
            pq.write_table(table, self._folder / f"{number:06}.parquet", compression="zstd")
        return time.perf_counter() - start

    def nbytes(self) -> int:
        """As `Rival.nbytes`."""
        return sum(file.stat().st_size for file in self._folder.iterdir())

    def state(self, time_ms: float, points: int) -> dict[int, float]:
        """The ASOF join."""
        query = (
            "SELECT p.point, s.value FROM (SELECT unnest(range($points)) AS point, $moment::DOUBLE AS t) p"
            " ASOF JOIN read_parquet($files) s ON p.point = s.point AND p.t >= s.time"
        )
        asked = {"points": points, "moment": time_ms, "files": self._files}
        return dict(self._duck.execute(query, asked).fetchall())

    def track(self, point: int) -> list[tuple[float, float]]:
        """As `Rival.track`."""
        query = "SELECT time, value FROM read_parquet($files) WHERE point = $point ORDER BY time"
        asked = {"point": point, "files": self._files}
        rows: list[tuple[float, float]] = self._duck.execute(query, asked).fetchall()
        return rows


@contextlib.contextmanager
def postgres() -> Iterator[str | None]:
    """The URL of a PostgreSQL cluster of its own, with room in memory; None: it is not installed."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        yield None
        return
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="twin-film-postgres-"))
    user = ["runuser", "-u", "postgres", "--"] if getpass.getuser() == "root" else []
    if user:
        shutil.chown(folder, "postgres")
    home, data = programs[-1].parent, folder / "data"
    initdb = [*user, str(home / "initdb"), "-D", str(data), "-U", "twin", "--auth=trust"]
    subprocess.run(initdb, check=True, capture_output=True)  # noqa: S603
    command = [*user, str(home / "postgres"), "-D", str(data), "-p", str(port), "-k", str(folder)]
    tuned = [part for setting in TUNED for part in ("-c", setting)]
    server = subprocess.Popen([*command, "-h", "127.0.0.1", *tuned], stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        ready = [str(home / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        while subprocess.run(ready, check=False).returncode:  # noqa: S603
            time.sleep(0.1)
        yield f"postgresql://twin@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
