"""The film's tools on films of any history: what is written, exported, imported and joined stays the same."""

import asyncio
import contextlib
import csv
import math
import zipfile
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

import duckdb
import numpy as np
import pandas
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import LargeBinary, Table, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.telemetry_bridge.builders import registry
from tests.twin.film.filming import Filming, noise
from tests.twin.film.scenes import START_MS
from tests.twin.film.test_late import steps
from tests.twin.film.toolbox import (
    Script,
    audited,
    busy_script,
    check_states,
    cuts_of,
    filmed,
    new_engine,
    rows_of,
    spans_of,
    taken_in,
    told,
)
from twin.errors import DamagedFilmError, DatabaseError, SettingError
from twin.film import downloading
from twin.film.arrow import samples_of
from twin.film.choosing import Choice
from twin.film.compacting import compact
from twin.film.described import decode_registry, describe, encode_registry
from twin.film.errors import FilmFileError, FilmHeldError
from twin.film.exporting import Order, export_film, export_table
from twin.film.hold import rewriting, served
from twin.film.stored import StoredFilm
from twin.film.verifying import repair
from twin.store.database import writing
from twin.store.tables import FILM_CHUNK, FILM_LATE, FILM_REGISTRY, FILM_SEGMENT, FILM_STRIP

BUSY = busy_script()
ODD_ONES = settings(
    max_examples=5,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
BLOBS = (FILM_STRIP, FILM_CHUNK, FILM_LATE, FILM_REGISTRY)


@ODD_ONES
@given(script=st.lists(steps, min_size=1, max_size=20), cleanly=st.booleans())
def test_what_is_exported_is_imported_to_the_bit_and_verifies(
    tmp_path_factory: pytest.TempPathFactory, script: Script, cleanly: bool
) -> None:
    folder = tmp_path_factory.mktemp("film")

    async def check() -> None:
        engine, other = await new_engine(folder), await new_engine(folder, "other")
        await filmed(engine, script, cleanly=cleanly)
        assert (await audited(engine)).faults == []
        file = folder / "all.twinfilm"
        exported = await export_film(engine, file, Order())
        done = await taken_in(other, file)
        assert done.new_samples == exported.samples
        audit = await audited(other)
        assert audit.faults == []
        assert audit.samples == exported.samples
        assert told(await cuts_of(other)) == told(await cuts_of(engine))
        again = await taken_in(other, file)
        assert (again.new_segments, again.merged_samples, again.known_samples) == (0, 0, exported.samples)
        assert told(await cuts_of(other)) == told(await cuts_of(engine))
        await engine.dispose()
        await other.dispose()

    asyncio.run(check())


@ODD_ONES
@given(script=st.lists(steps, min_size=5, max_size=20))
def test_a_film_that_was_made_smaller_tells_the_same(
    tmp_path_factory: pytest.TempPathFactory, script: Script
) -> None:
    folder = tmp_path_factory.mktemp("film")

    async def check() -> None:
        engine = await new_engine(folder)
        await filmed(engine, script, cleanly=False)
        film = StoredFilm(engine)
        await film.learn()
        await film.merge_late()
        before = await cuts_of(engine)
        done = await compact(engine)
        after = await cuts_of(engine)
        assert rows_of(after) == rows_of(before)
        assert spans_of(after) == spans_of(before)
        assert len(after) <= len(before)
        assert done.left == (await audited(engine)).segments
        assert (await audited(engine)).faults == []
        await engine.dispose()

    asyncio.run(check())


async def test_small_segments_are_joined_and_the_states_stay(engine: AsyncEngine, tmp_path: Path) -> None:
    other = await new_engine(tmp_path, "other")
    await filmed(engine, BUSY)
    await export_film(engine, tmp_path / "all.twinfilm", Order())
    await taken_in(other, tmp_path / "all.twinfilm")
    done = await compact(engine)
    assert done.joined > 1
    assert done.bytes_after <= done.bytes_before
    assert done.note is None
    assert (await audited(engine)).faults == []
    await check_states(engine, other)
    await other.dispose()


async def test_parts_that_were_lost_are_filled_in_from_an_export(engine: AsyncEngine, tmp_path: Path) -> None:
    await filmed(engine, BUSY)
    before, file = await cuts_of(engine), tmp_path / "all.twinfilm"
    await export_film(engine, file, Order())
    async with writing(engine) as connection:
        query = select(FILM_SEGMENT.c.id).order_by(FILM_SEGMENT.c.start_ms)
        ids = [int(row[0]) for row in await connection.execute(query)]
        lost = ids[1::2]
        await connection.execute(FILM_STRIP.delete().where(FILM_STRIP.c.segment.in_(lost)))
        await connection.execute(FILM_SEGMENT.delete().where(FILM_SEGMENT.c.id.in_(lost)))
    done = await taken_in(engine, file)
    assert done.new_segments >= 1
    assert told(await cuts_of(engine)) == told(before)
    assert (await audited(engine)).faults == []


@pytest.mark.parametrize("names", [("room*",), ("r1", "l1"), ("r2",)])
async def test_devices_that_were_exported_apart_come_together_again(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    engine, other = await new_engine(tmp_path), await new_engine(tmp_path, "other")
    await filmed(engine, BUSY)
    choice = Choice(devices=names)
    rest = frozenset((each.device, each.name) for each in describe(registry()).points if not choice.has(each))
    for number, part in enumerate((choice, Choice(named=rest))):
        if not any(part.has(each) for each in describe(registry()).points):
            with pytest.raises(SettingError, match="no point"):
                await export_film(engine, tmp_path / f"{number}.twinfilm", Order(choice=part))
            continue
        await export_film(engine, tmp_path / f"{number}.twinfilm", Order(choice=part))
        await taken_in(other, tmp_path / f"{number}.twinfilm")
        assert (await audited(other)).faults == []
    assert rows_of(await cuts_of(other)) == rows_of(await cuts_of(engine))
    await engine.dispose()
    await other.dispose()


async def test_a_film_of_hours_exported_in_parts_is_whole_again(tmp_path: Path) -> None:
    engine, other = await new_engine(tmp_path), await new_engine(tmp_path, "other")
    await filmed(engine, BUSY)
    cuts = await cuts_of(engine)
    first, last = cuts[0].from_ms, cuts[-1].to_ms
    edges = [-math.inf, *(first + share * (last - first) for share in (0.31, 0.55, 0.78)), math.inf]
    for number in (2, 0, 3, 1):
        file = tmp_path / f"{number}.twinfilm"
        await export_film(engine, file, Order(edges[number], edges[number + 1]))
        await taken_in(other, file)
    assert rows_of(await cuts_of(other)) == rows_of(cuts)
    assert spans_of(await cuts_of(other)) == spans_of(cuts)
    assert (await audited(other)).faults == []
    await check_states(engine, other)
    await engine.dispose()
    await other.dispose()


async def test_some_points_of_a_time_stand_beside_all_of_another(tmp_path: Path) -> None:
    engine, other = await new_engine(tmp_path), await new_engine(tmp_path, "other")
    await filmed(engine, BUSY)
    cuts = await cuts_of(engine)
    edge = cuts[2].from_ms
    some = Choice(devices=("r1",))
    for number, order in enumerate((Order(from_ms=edge), Order(to_ms=edge, choice=some))):
        await export_film(engine, tmp_path / f"{number}.twinfilm", order)
        await taken_in(other, tmp_path / f"{number}.twinfilm")
    assert (await audited(other)).faults == []
    expected = [row for row in rows_of(cuts) if row[0] == "r1" or np.frombuffer(row[2])[0] >= edge]
    assert rows_of(await cuts_of(other)) == expected
    await engine.dispose()
    await other.dispose()


# Damage


@pytest.fixture(scope="module")
def damaged_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a film as a kill leaves it: segments, chunks, late samples and registries."""
    folder = tmp_path_factory.mktemp("film")

    async def make() -> None:
        engine = await new_engine(folder)
        late = [("samples", 100, [(3, 3000, 4, 0)]), ("flush", 1, None)]
        await filmed(engine, [*BUSY, *late], cleanly=False)
        audit = await audited(engine)
        assert audit.faults == []
        assert min(audit.strips, audit.chunks, audit.late, audit.registries) > 0
        await engine.dispose()

    asyncio.run(make())
    return folder


async def _blobs(engine: AsyncEngine) -> list[tuple[Table, tuple[object, ...], bytes]]:
    found = []
    async with engine.connect() as connection:
        for table in BLOBS:
            for row in (await connection.execute(select(table))).mappings():
                key = tuple(row[column.name] for column in table.primary_key.columns)
                found.append((table, key, bytes(row["data"])))
    return found


async def _write(engine: AsyncEngine, table: Table, key: tuple[object, ...], data: bytes) -> None:
    query = update(table).values(data=data)
    for column, value in zip(table.primary_key.columns, key, strict=True):
        query = query.where(column == value)
    async with writing(engine) as connection:
        await connection.execute(query)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), byte=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_bit_that_was_changed_anywhere_is_found(
    damaged_film: Path, place: float, byte: float, bit: int
) -> None:
    async def check() -> None:
        engine = await new_engine(damaged_film)
        blobs = [blob for blob in await _blobs(engine) if blob[0] is not FILM_REGISTRY]
        table, key, data = blobs[int(place * len(blobs))]
        changed = bytearray(data)
        changed[int(byte * len(data))] ^= 1 << bit
        await _write(engine, table, key, bytes(changed))
        try:
            assert (await audited(engine)).faults, (table.name, key, int(byte * len(data)))
        finally:
            await _write(engine, table, key, data)
            await engine.dispose()

    asyncio.run(check())


def test_a_list_of_points_in_which_a_bit_was_changed_is_found_or_says_the_same() -> None:
    points = describe(registry())
    data = encode_registry(points)
    missed = 0
    for place in range(8 * len(data)):
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        with contextlib.suppress(DamagedFilmError):
            assert decode_registry(points.hash, bytes(changed)) == points
            missed += 1
    assert missed < 16  # bits that zstd does not use


def test_every_table_with_bytes_of_film_is_read() -> None:
    binary = {
        table.name
        for table in FILM_STRIP.metadata.tables.values()
        if table.name.startswith("film_")
        and any(isinstance(each.type, LargeBinary) for each in table.columns)
    }
    elsewhere = {"film_rollup", "film_bindings"}  # sums are made anew; bindings are in test_tool_scenes.py
    assert binary == {table.name for table in BLOBS} | elsewhere


async def test_what_is_damaged_is_taken_out_and_the_rest_stays(engine: AsyncEngine) -> None:
    await filmed(engine, BUSY)
    before = await cuts_of(engine)
    strip = next(blob for blob in await _blobs(engine) if blob[0] is FILM_STRIP)
    await _write(engine, strip[0], strip[1], strip[2][:-3] + b"xyz")
    audit = await audited(engine)
    assert [fault.kind for fault in audit.faults] == ["strip"]
    fault = audit.faults[0]
    assert fault.segment == strip[1][1]
    assert fault.points[0] == "l1/flag"
    assert await repair(engine, audit.faults) == audit.faults
    assert (await audited(engine)).faults == []
    after = [cut for cut in await cuts_of(engine) if cut.from_ms != fault.from_ms]
    assert told(after) == told([cut for cut in before if cut.from_ms != fault.from_ms])


async def test_a_row_that_is_gone_is_found_by_the_count(engine: AsyncEngine) -> None:
    await filmed(engine, BUSY)
    async with writing(engine) as connection:
        full = select(FILM_SEGMENT.c.id).where(FILM_SEGMENT.c.samples > 0).limit(1)
        lost = (await connection.execute(full)).scalar_one()
        await connection.execute(FILM_STRIP.delete().where(FILM_STRIP.c.segment == lost))
    audit = await audited(engine)
    assert ("samples", lost) in [(fault.kind, fault.segment) for fault in audit.faults]
    await repair(engine, audit.faults)
    assert (await audited(engine)).faults == []


async def test_a_clock_that_was_set_back_is_no_fault_also_of_an_import(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    """What was recorded before ends in the import where the later recording begins, as if cut there."""
    filming = await Filming.begin(engine)
    for frame in noise(20):
        filming.record(frame)
    for back, frame in enumerate(noise(10, START_MS + 2000.0, seed=2)):
        filming.record(replace(frame, time_ms=math.floor(frame.time_ms)) if back == 0 else frame)
    await filming.film.recorder.stop()
    assert (await audited(engine)).faults == []
    await export_film(engine, tmp_path / "all.twinfilm", Order())
    elsewhere = await new_engine(tmp_path, "elsewhere")
    await taken_in(elsewhere, tmp_path / "all.twinfilm")
    assert (await audited(elsewhere)).faults == []
    await elsewhere.dispose()


async def test_a_segment_in_the_place_of_another_is_found(engine: AsyncEngine) -> None:
    await filmed(engine, BUSY)
    strips = [blob for blob in await _blobs(engine) if blob[0] is FILM_STRIP]
    await _write(engine, strips[0][0], strips[0][1], strips[1][2])
    assert "strip" in [fault.kind for fault in (await audited(engine)).faults]


async def test_a_start_that_is_not_the_end_before_it_is_found(engine: AsyncEngine, tmp_path: Path) -> None:
    """Two films of the same time: a segment of the one, whole in itself, in the place of the other's."""
    other = await new_engine(tmp_path, "other")
    plain = [("samples", 200, [(0, 0, number, 0)]) for number in range(30)]
    await filmed(engine, [each for step in plain for each in (step, ("flush", 1, None))])
    changed = [("samples", 200, [(0, 0, number + 1, 0)]) for number in range(30)]
    await filmed(other, [each for step in changed for each in (step, ("flush", 1, None))])
    theirs = {key: data for table, key, data in await _blobs(other) if table is FILM_STRIP}
    table, key, _ = [blob for blob in await _blobs(engine) if blob[0] is FILM_STRIP][1]
    await _write(engine, table, key, theirs[key])
    assert "joint" in [fault.kind for fault in (await audited(engine)).faults]
    await other.dispose()


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), cut=st.booleans())
def test_a_damaged_export_is_refused_or_tells_the_same(
    damaged_film: Path, tmp_path_factory: pytest.TempPathFactory, place: float, bit: int, cut: bool
) -> None:
    folder = tmp_path_factory.mktemp("film")

    async def check() -> None:
        engine, other = await new_engine(damaged_film), await new_engine(folder)
        file = folder / "x.twinfilm"
        await export_film(engine, file, Order())
        data = bytearray(file.read_bytes())
        data[int(place * len(data))] ^= 1 << bit
        file.write_bytes(data[: int(place * len(data))] if cut else data)
        try:
            await taken_in(other, file)
        except FilmFileError:
            assert await cuts_of(other) == []
        else:
            assert told(await cuts_of(other)) == told(await cuts_of(engine))
        await engine.dispose()
        await other.dispose()

    asyncio.run(check())


async def test_another_list_of_points_under_the_same_name_is_refused(tmp_path: Path) -> None:
    engine, other = await new_engine(tmp_path), await new_engine(tmp_path, "other")
    await filmed(engine, BUSY)
    await filmed(other, BUSY)
    await export_film(engine, tmp_path / "x.twinfilm", Order())
    points = describe(registry(rooms=("r1", "r3")))
    async with writing(other) as connection:
        await connection.execute(update(FILM_REGISTRY).values(data=encode_registry(points)))
    with pytest.raises(FilmFileError, match="list of points"):
        await taken_in(other, tmp_path / "x.twinfilm")
    await engine.dispose()
    await other.dispose()


def test_a_zip_of_something_else_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.twinfilm", "w") as archive:
        archive.writestr("manifest.json", '{"format": "twinincident", "version": 1}')

    async def check() -> None:
        with pytest.raises(FilmFileError, match="something else"):
            await taken_in(await new_engine(tmp_path), tmp_path / "x.twinfilm")

    asyncio.run(check())


# Tables


@ODD_ONES
@given(
    script=st.lists(steps, min_size=1, max_size=20),
    names=st.sampled_from([(), ("r1",), ("l*",)]),
    few=st.sampled_from([0, 64]),
)
def test_a_table_has_every_sample_to_the_bit(
    tmp_path_factory: pytest.TempPathFactory, script: Script, names: tuple[str, ...], few: int
) -> None:
    """Whether it is read point by point or stretch by stretch."""
    folder = tmp_path_factory.mktemp("film")

    async def check() -> None:
        engine = await new_engine(folder)
        venue = await filmed(engine, script, cleanly=False)
        await venue.film.film.merge_late()
        choice = Choice(devices=names)
        rows = [row for row in rows_of(await cuts_of(engine)) if not names or fnmatch(row[0], names[0])]
        order = Order(choice=choice)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(downloading, "FEW", few)
            exported = await export_table(engine, folder / "x.parquet", order)
            await export_table(engine, folder / "x.csv", order)
        await engine.dispose()
        assert exported.samples == len(rows)
        found = samples_of(pyarrow.parquet.read_table(folder / "x.parquet"), describe(registry()))
        points = describe(registry()).points
        assert sorted(rows) == sorted(
            (points[i].device, points[i].name, t.tobytes(), v.tobytes(), int(q))
            for i, t, v, q in zip(found.point_index, found.time_ms, found.value, found.quality, strict=True)
        )
        query = f"select device, point, time_ms, value, quality from '{folder}/x.parquet'"
        assert sorted(rows) == sorted(
            (device, point, np.float64(t).tobytes(), np.float64(v).tobytes(), quality)
            for device, point, t, v, quality in duckdb.sql(query).fetchall()
        )
        frame = pandas.read_parquet(folder / "x.parquet")
        assert sorted(rows) == sorted(
            (device, point, np.float64(t).tobytes(), np.float64(v).tobytes(), int(quality))
            for device, point, t, v, quality in zip(
                *(frame[name] for name in ("device", "point", "time_ms", "value", "quality")), strict=True
            )
        )
        with (folder / "x.csv").open(encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file))
        assert sorted((row[0], row[1], row[4]) for row in rows) == sorted(
            (line["device"], line["point"], int(line["quality"])) for line in lines
        )
        assert sorted(np.float64(line["time_ms"]).tobytes() for line in lines) == sorted(
            row[2] for row in rows
        )

    asyncio.run(check())


# Beside each other


async def test_a_tool_that_rewrites_and_a_server_keep_out_of_each_others_way(engine: AsyncEngine) -> None:
    async with served(engine):
        async with served(engine):
            pass
        with pytest.raises(FilmHeldError, match="stop it first"):
            async with rewriting(engine):
                pass
    async with rewriting(engine):
        with pytest.raises(DatabaseError, match="wait"):
            async with served(engine):
                pass
        with pytest.raises(FilmHeldError):
            async with rewriting(engine):
                pass
    async with served(engine):
        pass
