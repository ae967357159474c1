"""What lies in files is read as if it were in the database, whatever went wrong on its way there."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import duckdb
import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.telemetry_bridge.builders import registry
from tests.twin.film.filming import Filming, noise
from tests.twin.film.freezing import ALL_COLD, MUCH_LATER_MS, BrittleShelf, Killed, filming, freeze
from tests.twin.film.scenes import START_MS, frame_of, same_state, samples_of
from tests.twin.film.test_late import SETTINGS, Venue, steps
from twin.errors import ColdAwayError, DamagedFilmError, NotRecordedError
from twin.film.arrow import times_of
from twin.film.cold import moving
from twin.film.cold.gathering import Content, gather, gathered
from twin.film.cold.ledger import ColdFile, ColdPart
from twin.film.cold.tier import Keeping
from twin.film.compacting import compact
from twin.film.film import Film
from twin.film.policy import DAY_MS, DEFAULT, Policies, Policy
from twin.film.reading import FilmSettings
from twin.film.stored import StoredFilm
from twin.film.verifying import Verifier
from twin.store.database import open_database, writing
from twin.store.tables import FILM_STRIP

MOMENTS = [START_MS + each for each in (1, 500, 1999, 4000, 7777, 9000, 11_999)]


async def recorded(engine: AsyncEngine, shelf: BrittleShelf | None, policies: Policies = ALL_COLD) -> Filming:
    run = await filming(engine, shelf, policies)
    for frame in noise(60):
        run.record(frame)
        await run.film.recorder.flush()
    await run.film.recorder.stop()
    return run


async def warm_strips(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(FILM_STRIP))).scalar_one())


def policies_of(shelf: BrittleShelf) -> set[str]:
    return {PurePosixPath(key).parts[1] for key in shelf.keys()}  # noqa: SIM118 - it is no dict


async def compare(run: Filming, film: Film) -> None:
    for time_ms in MOMENTS:
        assert same_state((await film.state_at(time_ms)).state, run.expected(time_ms)), time_ms - START_MS
    for row, point in enumerate(run.registry.points):
        wanted = film.find_point(point.device, point.name)
        assert wanted is not None
        history = await film.history(wanted, START_MS + 2500, START_MS + 9500, 0)
        told = [
            (frame.time_ms, value.tobytes())
            for frame in run.frames
            for value in frame.value[frame.point_index == row]
        ]
        found = list(
            zip(history.track.time_ms, [each.tobytes() for each in history.track.value], strict=True)
        )
        assert found == [each for each in told if START_MS + 2500 <= each[0] < START_MS + 9500]
        before = [each for each in told if each[0] < START_MS + 2500][-1:]
        assert history.before.time_ms.tolist() == [each[0] for each in before]
    samples = [stretch async for stretch in film.samples(START_MS, START_MS + 12_500)]
    assert sum(len(each.samples) for each in samples) == sum(len(frame) for frame in run.frames)


@pytest.fixture
async def lite(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """SQLite alone, for what no database does differently."""
    found = await open_database(f"sqlite:///{tmp_path / 'twin.db'}")
    yield found
    await found.dispose()


@pytest.fixture
def shelf(tmp_path: Path) -> BrittleShelf:
    return BrittleShelf(tmp_path / "cold")


async def test_cold_film_is_read_to_the_bit(engine: AsyncEngine, shelf: BrittleShelf) -> None:
    run = await recorded(engine, shelf)
    await freeze(run.film)
    assert await warm_strips(engine) == 0
    assert len(shelf.keys()) == 1
    await compare(run, run.film)
    again = await filming(engine, shelf, start_ms=run.clock.time_ms + 1000)
    await compare(run, again.film)
    assert again.film.span is not None
    assert again.film.span[0] == START_MS


async def test_what_one_policy_moves_stays_with_the_rest(engine: AsyncEngine, shelf: BrittleShelf) -> None:
    classes = frozenset({registry().points[0].point_class})
    policies = Policies(Policy(DEFAULT, 5.0, None), (Policy("early", 1.0, 10.0, classes),))
    run = await recorded(engine, shelf, policies)
    await freeze(run.film, START_MS + 3 * DAY_MS)
    assert policies_of(shelf) == {"policy=early"}
    assert await warm_strips(engine) > 0
    await compare(run, (await filming(engine, shelf, policies, run.clock.time_ms + 1000)).film)
    await freeze(run.film, START_MS + 7 * DAY_MS)
    assert await warm_strips(engine) == 0
    assert policies_of(shelf) == {"policy=early", "policy=default"}
    await compare(run, (await filming(engine, shelf, policies, run.clock.time_ms + 1000)).film)
    await freeze(run.film, START_MS + 30 * DAY_MS)
    assert policies_of(shelf) == {"policy=default"}
    gone = np.array([point.point_class in classes for point in run.registry.points])
    found = (
        await (await filming(engine, shelf, policies, run.clock.time_ms + 1000)).film.state_at(MOMENTS[-1])
    ).state
    expected = run.expected(MOMENTS[-1])
    assert not found.known[gone].any()
    assert found.value[~gone].tobytes() == expected.value[~gone].tobytes()


async def test_duckdb_reads_the_folder(lite: AsyncEngine, shelf: BrittleShelf, tmp_path: Path) -> None:
    run = await recorded(lite, shelf)
    await freeze(run.film)
    glob = str(tmp_path / "cold" / "*" / "*" / "*.parquet")
    files = "read_parquet(?, hive_partitioning=true)"
    query = f"select count(*), min(day), count(distinct device) from {files} where not keyframe"
    count, day, devices = duckdb.execute(query, [glob]).fetchall()[0]
    assert count == sum(len(frame) for frame in run.frames)
    assert str(day) == "2026-09-21"
    assert devices == len({point.device for point in run.registry.points})


@pytest.mark.parametrize(
    "step", ["before put", "after put", "open", "commit", "before delete", "after delete"]
)
async def test_a_stop_at_any_step_loses_and_doubles_nothing(
    lite: AsyncEngine, shelf: BrittleShelf, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await recorded(lite, shelf)
    if "delete" in step:
        await stopped_at(run, shelf, "after put")  # leaves a file to be deleted
    await stopped_at(run, shelf, step, monkeypatch)
    monkeypatch.undo()
    again = await filming(lite, shelf, start_ms=run.clock.time_ms + 1000)
    await compare(run, again.film)
    await freeze(again.film)
    await compare(run, again.film)
    assert await warm_strips(lite) == 0
    assert set(shelf.keys()) == {file.key for file in await again.film.cold.ledger.files()}
    assert len(shelf.keys()) == 1


async def stopped_at(
    run: Filming, shelf: BrittleShelf, step: str, monkeypatch: pytest.MonkeyPatch | None = None
) -> None:
    if step == "commit":
        assert monkeypatch is not None

        async def killed(*_args: object) -> bool:
            raise Killed

        monkeypatch.setattr(type(run.film.cold.ledger), "commit", killed)
    else:
        shelf.fail[step] = Killed()
    with contextlib.suppress(Killed):
        await freeze(run.film)
    assert not shelf.fail


async def small_files(engine: AsyncEngine, shelf: BrittleShelf, monkeypatch: pytest.MonkeyPatch) -> Filming:
    """A film that lies in files of a day, far smaller than they may be."""
    run = await recorded(engine, shelf)
    with monkeypatch.context() as small:
        small.setattr(moving, "MOST_SAMPLES", 40)
        await freeze(run.film)
    return run


async def test_small_files_of_a_day_become_one(
    engine: AsyncEngine, shelf: BrittleShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await small_files(engine, shelf, monkeypatch)
    files = await run.film.cold.ledger.files()
    assert len(files) > 3
    fewer = await gather(run.film.cold.mover, 100)
    half = await run.film.cold.ledger.files()
    assert len(half) == len(files) - fewer > 1
    assert all(file.samples <= 100 for file in half)
    monkeypatch.setenv("TWIN_FILM_COLD", shelf.place)
    done = await compact(engine)
    assert (done.files_joined, done.files_left, done.files_note) == (len(half) - 1, 1, None)
    (file,) = await run.film.cold.ledger.files()
    assert list(shelf.keys()) == [file.key]
    assert file.samples == sum(each.samples for each in files)
    again = await filming(engine, shelf, start_ms=run.clock.time_ms + 1000)
    await compare(run, again.film)
    assert (await compact(engine)).files_joined == 0
    assert not (await Verifier(engine, shelf).verify()).faults


@pytest.mark.parametrize(
    "step", ["before put", "after put", "open", "replace", "before delete", "after delete"]
)
async def test_joining_that_stops_at_any_step_loses_and_doubles_nothing(
    lite: AsyncEngine, shelf: BrittleShelf, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await small_files(lite, shelf, monkeypatch)
    shelf.fail[step] = Killed()
    with contextlib.suppress(Killed), monkeypatch.context() as broken:
        if step == "replace":

            async def killed(*_args: object) -> bool:
                raise shelf.fail.pop("replace")

            broken.setattr(type(run.film.cold.ledger), "replace", killed)
        await gather(run.film.cold.mover, 10_000)
    assert not shelf.fail
    again = await filming(lite, shelf, start_ms=run.clock.time_ms + 1000)
    await compare(run, again.film)
    await gather(again.film.cold.mover, 10_000)
    await compare(run, again.film)
    (file,) = await again.film.cold.ledger.files()
    assert list(shelf.keys()) == [file.key]
    assert not (await Verifier(lite, shelf).verify()).faults


async def test_files_that_cannot_be_read_or_reached_stay_as_they_are(
    lite: AsyncEngine, shelf: BrittleShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await small_files(lite, shelf, monkeypatch)
    before = await run.film.cold.ledger.files()
    without = await compact(lite)
    assert (without.files_joined, without.files_left) == (0, len(before))
    assert "TWIN_FILM_COLD is not set" in (without.files_note or "")
    monkeypatch.setenv("TWIN_FILM_COLD", shelf.place)
    path = Path(shelf.place) / before[0].key
    path.write_bytes(path.read_bytes()[:-9])
    assert (await compact(lite)).files_joined == 0
    assert await run.film.cold.ledger.files() == before


def content(number: int, samples: int, *segments: int, day: str = "2026-05-01") -> Content:
    file = ColdFile(f"{number}", day, DEFAULT, float(number), number + 1.0, 1, samples, 9, "", 0)
    parts = tuple(ColdPart(each, DEFAULT, file.key, 0, 1, samples // len(segments)) for each in segments)
    return Content(file, parts)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 60), st.sampled_from("ab")), max_size=12))
def test_what_is_gathered_is_all_and_fits(files: list[tuple[int, int, str]]) -> None:
    contents = [content(at, samples, segment, day=day) for at, (segment, samples, day) in enumerate(files)]
    runs = list(gathered(contents, 100))
    assert sorted(each.file.key for run in runs for each in run) == sorted(each.file.key for each in contents)
    for run in runs:
        assert sum(each.samples for each in run) <= 100
        assert len({each.file.day for each in run}) == 1
        segments = [segment for each in run for segment in each.segments]
        assert len(segments) == len(set(segments))


@dataclass
class ColdVenue(Venue):
    """A venue whose film is moved at any moment, and of which files are lost to nobody."""

    shelf: BrittleShelf | None = None

    async def begin(self) -> None:
        self.filming = await filming(self.engine, self.shelf, start_ms=self.now_ms, settings=SETTINGS)
        self.runs.append((self.now_ms, math.inf))

    async def act(self, kind: str, ms: int, samples: Sequence[tuple[int, int, int, int]] | None) -> None:
        if kind in ("move", "half"):
            assert self.shelf is not None
            if kind == "half":
                self.shelf.fail["after put"] = Killed()
            with contextlib.suppress(Killed):
                await self.film.film.cold.tend(self.now_ms + ms * DAY_MS)
            self.shelf.fail.clear()
        else:
            await super().act(kind, ms, samples)


cold_steps = st.one_of(
    steps,
    st.tuples(st.sampled_from(["move", "move", "half"]), st.integers(3, 9), st.none()),
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    script=st.lists(cold_steps, min_size=5, max_size=25),
    shares=st.lists(st.floats(0, 1), min_size=4, max_size=8),
)
def test_late_samples_of_what_was_moved_are_found_where_they_belong(
    tmp_path_factory: pytest.TempPathFactory,
    script: list[tuple[str, int, list[tuple[int, int, int, int]] | None]],
    shares: list[float],
) -> None:
    async def check() -> None:
        folder = tmp_path_factory.mktemp("film")
        engine = await open_database(f"sqlite:///{folder / 'twin.db'}")
        venue = ColdVenue(engine, shelf=BrittleShelf(folder / "cold"))
        await venue.begin()
        for kind, ms, samples in script:
            await venue.act(kind, ms, samples)
        moments = [START_MS + share * (venue.now_ms - START_MS) for share in shares]
        await venue.check(moments)
        await venue.film.film.recorder.flush()
        await venue.film.film.merge_late()
        await venue.check(moments)
        await venue.end(cleanly=True)
        await freeze(venue.film.film, venue.now_ms + 9 * DAY_MS)
        await venue.check(moments)
        assert await in_files(venue.film.film, folder / "cold") == await in_film(venue.film.film)
        await engine.dispose()

    asyncio.run(check())


async def in_film(film: Film) -> list[tuple[int, float]]:
    """Segment's samples as the film gives them: number and time of each."""
    found = []
    for entry in film._catalogue.entries():
        _, segment = await film._whole(entry.id)
        found += list(
            zip(segment.samples.point_index.tolist(), segment.samples.time_ms.tolist(), strict=True)
        )
    return sorted(found)


async def in_files(film: Film, folder: Path) -> list[tuple[int, float]]:
    """As somebody reads them who knows nothing of the database."""
    files = sorted(folder.glob("*/*/*.parquet"))
    tables = [
        pq.read_table(each, partitioning=None).filter(pc.field("keyframe") == pc.scalar(False))
        for each in files
    ]
    return sorted(
        (number, time_ms)
        for table in tables
        for number, time_ms in zip(table["number"].to_pylist(), times_of(table).tolist(), strict=True)
    )


async def test_late_samples_bring_a_moved_stretch_back_and_it_goes_again(
    engine: AsyncEngine, shelf: BrittleShelf
) -> None:
    run = await recorded(engine, shelf)
    await freeze(run.film)
    [first] = shelf.keys()
    again = await filming(engine, shelf, start_ms=run.clock.time_ms + 1000)
    late = frame_of(START_MS + 3000.25, {0: (99.0, 0)})
    again.film.recorder.take(samples_of(late))
    run.frames.append(late)
    run.frames.sort(key=lambda frame: frame.time_ms)
    await again.film.recorder.flush()
    assert await again.film.merge_late() == 1
    assert await warm_strips(engine) > 0
    await compare(run, again.film)
    await again.film.recorder.stop()
    await freeze(again.film)
    assert first not in list(shelf.keys())
    assert await warm_strips(engine) == 0
    await compare(run, again.film)
    assert len(await in_files(again.film, Path(shelf.place))) == sum(len(frame) for frame in run.frames)


async def test_a_shelf_that_is_away_is_said_and_newer_times_go_on(
    lite: AsyncEngine, shelf: BrittleShelf, tmp_path: Path
) -> None:
    run = await recorded(lite, shelf)
    await freeze(run.film)
    again = await filming(lite, shelf, start_ms=run.clock.time_ms + 1000)
    again.record(frame_of(run.clock.time_ms + 1500, {0: (7.0, 0)}))
    (tmp_path / "cold").rename(tmp_path / "elsewhere")
    with pytest.raises(ColdAwayError, match=r"cold storage, which cannot be reached: .*mount the disk"):
        await again.film.state_at(MOMENTS[0])
    point = again.film.find_point("l1", "flag")
    assert point is not None
    with pytest.raises(ColdAwayError):
        await again.film.history(point, START_MS, START_MS + 5000, 0)
    assert (await again.film.state_at(run.clock.time_ms + 1600)).state.value[0] == 7.0
    assert any("cold storage cannot be used" in note for note in again.film.cold.notes)
    (tmp_path / "cold").mkdir()
    with pytest.raises(ColdAwayError, match="the folder is empty"):
        await again.film.state_at(MOMENTS[0])
    (tmp_path / "cold").rmdir()
    (tmp_path / "elsewhere").rename(tmp_path / "cold")
    await compare(run, again.film)
    assert again.film.cold.notes == ()
    without = await filming(lite, None, start_ms=run.clock.time_ms + 2000)
    with pytest.raises(ColdAwayError, match="TWIN_FILM_COLD is not set"):
        await without.film.state_at(MOMENTS[0])


async def test_late_samples_wait_until_the_shelf_is_back(
    lite: AsyncEngine, shelf: BrittleShelf, tmp_path: Path
) -> None:
    run = await recorded(lite, shelf)
    await freeze(run.film)
    again = await filming(lite, shelf, start_ms=run.clock.time_ms + 1000)
    (tmp_path / "cold").rename(tmp_path / "elsewhere")
    (tmp_path / "cold").write_bytes(b"no folder")
    late = frame_of(START_MS + 3000.25, {0: (99.0, 0)})
    again.film.recorder.take(samples_of(late))
    run.frames = sorted([*run.frames, late], key=lambda frame: frame.time_ms)
    assert await again.film.recorder.flush()
    for _ in range(2):
        shelf.steps.clear()
        await again.film._try_to_merge()
    assert shelf.steps == []  # it is not read while nothing can be written
    assert await again.film.recorder.flush()
    (tmp_path / "cold").unlink()
    (tmp_path / "elsewhere").rename(tmp_path / "cold")
    await again.film._try_to_merge()
    assert await warm_strips(lite) > 0
    await compare(run, again.film)


async def test_what_cannot_be_written_stays_in_the_database(lite: AsyncEngine, shelf: BrittleShelf) -> None:
    run = await recorded(lite, shelf)
    for step, error in (("before put", ColdAwayError("full")), ("open", OSError(5, "Input/output error"))):
        shelf.fail[step] = error
        with contextlib.suppress(ColdAwayError, OSError):
            await freeze(run.film)
        await compare(run, (await filming(lite, shelf, start_ms=run.clock.time_ms + 1000)).film)
        assert await warm_strips(lite) > 0


async def test_a_damaged_and_a_missing_file_are_named(
    lite: AsyncEngine, shelf: BrittleShelf, tmp_path: Path
) -> None:
    run = await recorded(lite, shelf)
    await freeze(run.film)
    [key] = shelf.keys()
    path = tmp_path / "cold" / key
    whole = path.read_bytes()
    group = pq.ParquetFile(path).metadata.row_group(0)
    values = next(group.column(each) for each in range(11) if group.column(each).path_in_schema == "value")
    at = values.data_page_offset + values.total_compressed_size // 2
    for changed in (whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], whole[:-30], b"", b"PAR1" * 20):
        path.write_bytes(changed)
        again = await filming(lite, shelf, start_ms=run.clock.time_ms + 1000)
        with pytest.raises(DamagedFilmError, match=key):
            [await again.film.state_at(time_ms) for time_ms in MOMENTS]
    path.rename(path.with_suffix(".away"))
    again = await filming(lite, shelf, start_ms=run.clock.time_ms + 1000)
    with pytest.raises(DamagedFilmError, match=r"missing .*backup"):
        await again.film.state_at(MOMENTS[0])


async def test_a_damaged_file_does_not_hold_up_the_mover(
    lite: AsyncEngine, shelf: BrittleShelf, tmp_path: Path
) -> None:
    run = await recorded(lite, shelf)
    await freeze(run.film)
    [key] = shelf.keys()
    again = await filming(lite, shelf, start_ms=run.clock.time_ms + 1000)
    again.film.recorder.take(samples_of(frame_of(START_MS + 3000.25, {0: (99.0, 0)})))
    await again.film.recorder.flush()
    await again.film.merge_late()
    await again.film.recorder.stop()
    (tmp_path / "cold" / key).write_bytes(b"PAR1")
    await again.film.cold.tend(START_MS + MUCH_LATER_MS)  # it is found damaged
    await freeze(again.film)
    assert await warm_strips(lite) == 0
    assert len(shelf.keys()) == 2
    assert "damaged; run twin film verify" in again.film.cold.notes[0]


async def test_a_damaged_strip_does_not_hold_up_the_rest(lite: AsyncEngine, shelf: BrittleShelf) -> None:
    run = await recorded(lite, shelf)
    async with writing(lite) as connection:
        await connection.execute(update(FILM_STRIP).where(FILM_STRIP.c.segment == 2).values(data=b"STRP..."))
    again = await filming(lite, shelf, start_ms=run.clock.time_ms + 1000)
    await freeze(again.film)
    assert await warm_strips(lite) == 1
    assert "twin film verify" in again.film.cold.notes[0]
    assert same_state((await again.film.state_at(MOMENTS[0])).state, run.expected(MOMENTS[0]))


async def test_old_files_go_some_at_a_time(
    engine: AsyncEngine, shelf: BrittleShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "MOST_SAMPLES", 1)
    monkeypatch.setattr(moving, "MOST_EXPIRED", 2)
    policies = Policies(Policy(DEFAULT, 1.0, 5.0))
    run = await recorded(engine, shelf, policies)
    await freeze(run.film, START_MS + 3 * DAY_MS)
    assert len(shelf.keys()) > 4
    before = len(shelf.keys())
    gone, _ = await run.film.cold.tend(START_MS + 8 * DAY_MS)
    assert len(await run.film.cold.ledger.files()) == before - 2
    assert len(gone) == 2
    await freeze(run.film, START_MS + 8 * DAY_MS)
    await run.film.cold.tend(START_MS + 8 * DAY_MS)
    assert shelf.keys() == {}
    again = await filming(engine, shelf, policies, run.clock.time_ms + 1e6)
    with pytest.raises(NotRecordedError):
        await again.film.state_at(MOMENTS[0])


async def test_without_cold_storage_policies_delete(lite: AsyncEngine) -> None:
    classes = frozenset({registry().points[0].point_class})
    policies = Policies(Policy(DEFAULT, 9.0, None), (Policy("short", 1.0, 10.0, classes),))
    run = await recorded(lite, None, policies)
    await freeze(run.film, START_MS + 3 * DAY_MS)
    gone = np.array([point.point_class in classes for point in run.registry.points])
    again = await filming(lite, None, policies, run.clock.time_ms + 1000)
    found, expected = (await again.film.state_at(MOMENTS[-1])).state, run.expected(MOMENTS[-1])
    assert not found.known[gone].any()
    assert found.value[~gone].tobytes() == expected.value[~gone].tobytes()
    run.clock.time_ms = START_MS + 10 * DAY_MS
    await run.film.clean()
    assert await warm_strips(lite) == 0


async def test_a_server_that_follows_reads_what_another_moved(lite: AsyncEngine, shelf: BrittleShelf) -> None:
    run = await recorded(lite, shelf)
    follower = Film(lite, run.registry, run.clock, FilmSettings(keeping=Keeping(ALL_COLD, shelf)))
    await follower.open(records=False)
    await compare(run, follower)
    follower._opened.clear()
    await freeze(run.film)
    await compare(run, follower)


async def test_verify_reads_cold_files_too(lite: AsyncEngine, shelf: BrittleShelf, tmp_path: Path) -> None:
    classes = frozenset({registry().points[0].point_class})
    policies = Policies(Policy(DEFAULT, 5.0, 90.0), (Policy("early", 1.0, None, classes),))
    run = await recorded(lite, shelf, policies)
    samples = sum(len(frame) for frame in run.frames)
    for days, files in ((3, 1), (9, 2)):
        await freeze(run.film, START_MS + days * DAY_MS)
        audit = await Verifier(lite, shelf).verify()
        assert (audit.faults, audit.samples, audit.cold_files) == ([], samples, files)
    [early] = [tmp_path / "cold" / key for key in list(shelf.keys()) if "early" in key]
    (early.parent / "other.parquet").write_bytes(early.read_bytes())
    early.write_bytes(early.read_bytes()[:-9])
    told = [fault.what for fault in (await Verifier(lite, shelf).verify()).faults]
    assert [what.rsplit(" ", 2)[1:] for what in told] == [["was", "written"], ["delete", "it"]]
    early.unlink()
    assert "is missing" in (await Verifier(lite, shelf).verify()).faults[0].what
    assert "TWIN_FILM_COLD is not set" in (await Verifier(lite).verify()).faults[0].what


async def test_tools_find_cold_files_where_the_setting_says(
    lite: AsyncEngine, shelf: BrittleShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await recorded(lite, shelf)
    await freeze(run.film)
    with pytest.raises(ColdAwayError):
        await looked_at(lite)
    monkeypatch.setenv("TWIN_FILM_COLD", shelf.place)
    assert await looked_at(lite) == sum(len(frame) for frame in run.frames)


async def looked_at(engine: AsyncEngine) -> int:
    film = StoredFilm(engine)
    await film.look()
    return sum([len(each.samples) async for each in film.samples(-math.inf, math.inf)])
