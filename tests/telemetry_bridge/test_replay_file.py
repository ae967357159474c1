"""Recordings in CSV and Parquet, played once or over and over, at a speed."""

import asyncio
import builtins
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.adapter_file import parse_adapter_file
from telemetry_bridge.adapter_file_replay import ColumnNames
from telemetry_bridge.adapters.replay_rows import BadRow, Playback, Row, batches, row_of, time_of, value_of
from telemetry_bridge.errors import AdapterError, AdapterFileError, CommandError
from telemetry_bridge.ports import Command
from telemetry_bridge.wire import Quality
from tests.telemetry_bridge.adapting import Site, running, until

CSV = """time,device,point,value
2026-01-31T08:00:00Z,r1,temperature,20.5
2026-01-31T08:00:00Z,r1,mode,heat
2026-01-31T08:00:30Z,r1,temperature,21.5
2026-01-31T08:00:20Z,r1,temperature,99
2026-01-31T08:01:00Z,r1,temperature,22.5
yesterday,r1,temperature,1
2026-01-31T08:01:00Z,,temperature,1
2026-01-31T08:01:00Z,r9,temperature,1
2026-01-31T08:01:00Z,r2,temperature,
"""


def site(folder: Path, file: str = "night.csv", more: str = "") -> Site:
    return Site(f"- id: night\n  kind: replay\n  file: {file}\n  speed: 300\n{more}", folder)


async def test_a_recording_happens_again_in_its_order_and_speed(tmp_path: Path) -> None:
    (tmp_path / "night.csv").write_text(CSV)
    shown = []
    async with running(site(tmp_path)) as played:
        await until(played.shows("r1/temperature", 20.5, Quality.SIMULATED))
        begun = asyncio.get_running_loop().time()
        assert played.shows("r1/mode", 1.0, Quality.SIMULATED)()
        await until(lambda: played.value("r1/temperature") == 22.5)
        assert asyncio.get_running_loop().time() - begun >= 0.1, "a minute at 300 times is 0.2 s"
        await until(lambda: "played to its end" in played.adapter.health().detail)
        health = played.adapter.health()
        shown.append(health.detail)
        assert health.connected
        assert health.received == 4
        assert health.refused == 5, "out of order, no time, no device, unknown device, no value"
        assert not played.adapter.writes("r1", "setpoint")  # type: ignore[attr-defined]
        with pytest.raises(CommandError, match="plays a recording"):
            await played.adapter.send(Command("c", "r1", "setpoint", 20.0, 0.0))


async def test_a_fault_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "night.csv").write_text("\n".join(CSV.splitlines()[:5]))
    async with running(site(tmp_path)) as played:
        await until(lambda: played.adapter.health().refused == 1)
        assert (
            played.adapter.health().last_error
            == "night.csv:5: older than the row before; sort the file by time"
        )


async def test_it_is_played_over_and_over_and_may_count_as_real(tmp_path: Path) -> None:
    (tmp_path / "night.csv").write_text("t,dev,p,v\n0,r1,temperature,20\n6,r1,temperature,21\n")
    more = "  loop: true\n  quality: good\n  columns: {time: t, device: dev, point: p, value: v}\n"
    async with running(site(tmp_path, more=more)) as played:
        await until(lambda: played.adapter.health().received >= 6)
        assert played.quality("r1/temperature") is Quality.GOOD
        assert "plays, round" in played.adapter.health().detail


async def test_parquet_is_played_too(tmp_path: Path) -> None:
    table = pa.table(
        {
            "time": pa.array([datetime(2026, 1, 31, 8, tzinfo=UTC)] * 2, pa.timestamp("ms", "UTC")),
            "device": ["r1", "r1"],
            "point": ["temperature", "mode"],
            "value": ["20.5", "fan"],
        }
    )
    pq.write_table(table, tmp_path / "night.parquet")
    async with running(site(tmp_path, "night.parquet")) as played:
        await until(played.shows("r1/temperature", 20.5, Quality.SIMULATED))
        await until(played.shows("r1/mode", 2.0, Quality.SIMULATED))


def test_what_cannot_be_played_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AdapterError, match=r"there is no file .*night\.csv"):
        site(tmp_path)
    (tmp_path / "night.csv").write_text("time,thing,value\n")
    with pytest.raises(AdapterError, match="no column device, point; it has time, thing, value"):
        site(tmp_path)
    (tmp_path / "night.csv").write_bytes(b"time,device,point,value\n1,r1,temperature,\xff\n")
    with pytest.raises(AdapterError, match="cannot be read"):
        site(tmp_path)
    (tmp_path / "night.parquet").write_text("no parquet")
    with pytest.raises(AdapterError, match="cannot be read"):
        site(tmp_path, "night.parquet")
    with pytest.raises(AdapterFileError, match=r"one of \.csv, \.parquet"):
        site(tmp_path, "night.xlsx")
    real = builtins.__import__

    def without_pyarrow(name: str, *arguments: Any, **named: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without_pyarrow)
    with pytest.raises(AdapterError, match=r"venue-twin\[parquet\]"):
        site(tmp_path, "night.parquet")


async def test_an_empty_recording_is_no_endless_loop(tmp_path: Path) -> None:
    (tmp_path / "night.csv").write_text("time,device,point,value\n")
    async with running(site(tmp_path, more="  loop: true\n")) as played:
        await until(lambda: "no rows" in played.adapter.health().last_error)


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=50), st.floats(0.1, 1000))
def test_rows_are_due_in_order_and_as_far_apart_as_they_were(times: list[float], speed: float) -> None:
    playback = Playback(speed)
    due: list[tuple[float, float]] = []
    for time_ms in times:
        at_ms = playback.due_ms(Row(1, time_ms, "d", "p", 1.0), 5000.0)
        assert (at_ms is None) == bool(due and time_ms < due[-1][0])
        if at_ms is not None:
            due.append((time_ms, at_ms))
    assert due[0][1] == 5000.0
    for time_ms, at_ms in due:
        assert at_ms - 5000.0 == pytest.approx((time_ms - due[0][0]) / speed)


@given(st.integers(0, 30), st.integers(1, 7))
def test_batches_keep_every_row(count: int, most: int) -> None:
    rows = [BadRow(number, "") for number in range(count)]
    found = list(batches(rows, most))
    assert [row for batch in found for row in batch] == rows
    assert all(0 < len(batch) <= most for batch in found)


def test_cells() -> None:
    assert [value_of(each) for each in ("1.5", "on", "", None, 3, True)] == [1.5, "on", None, None, 3, True]
    assert time_of("1970-01-01T00:00:01Z") == time_of(1) == time_of("1") == 1000.0
    assert time_of(1_700_000_000_000) == 1_700_000_000_000
    with pytest.raises(ValueError, match="no time"):
        time_of(None)
    assert row_of(3, {"time": "1", "device": "d"}, ColumnNames()) == BadRow(3, "device or point is missing")


def test_settings_are_checked() -> None:
    with pytest.raises(AdapterFileError, match=r"adapters\.yaml:4: speed"):
        parse_adapter_file("- id: a\n  kind: replay\n  file: a.csv\n  speed: 0\n")
