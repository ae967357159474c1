"""Which model and which bindings were in force goes with exports, and what of it was changed is found."""

import asyncio
import contextlib
import json
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.telemetry_bridge.builders import HandClock, registry
from tests.twin.film.filming import noise
from tests.twin.film.scenes import START_MS
from tests.twin.film.test_scenes import Venue, begun, shown
from tests.twin.film.test_scenes import acts as venue_acts
from tests.twin.film.test_scenes import devices as bindings
from tests.twin.film.toolbox import audited, new_engine, taken_in
from twin.cli import EXIT_FAULT, EXIT_OK, run
from twin.errors import DamagedFilmError
from twin.film import importing
from twin.film.choosing import Choice
from twin.film.errors import FilmFileError
from twin.film.exporting import Order, export_film
from twin.film.film import Film
from twin.film.scene_book import SceneBook
from twin.film.scene_carrying import Stay, book_of, lacking, stays
from twin.film.scene_carrying import taken_in as scenes_taken_in
from twin.film.scene_checking import scene_faults
from twin.film.scene_parts import CarriedScenes, decode_set, decode_stays, encode_set, encode_stays
from twin.film.scenes import GIVEN_UP, BindingSet, Scene, decode_bindings, encode_bindings
from twin.film.store import Entry
from twin.film.stored import Cut
from twin.film.timeline import Piece
from twin.film.verifying import repair
from twin.store.database import writing
from twin.store.tables import FILM_BINDINGS, FILM_SCENE

MANY: dict[str, str | None] = {f"D-{number}": f"{number:022}" for number in range(40)}
Acts = Sequence[tuple[str, int]]
Told = tuple[str, Mapping[str, str | None]] | None

BUSY: Acts = [("record", 0), ("bind", 1), ("record", 0), ("start", 2), ("bind", 0), ("start", 1)]
acts = st.lists(
    st.tuples(st.sampled_from(["record", "bind", "bind", "start", "back"]), st.integers(0, 2)),
    min_size=1,
    max_size=6,
)


def bound(number: int) -> dict[str, str | None]:
    """Bindings that differ from each other in one device: kept as what differs."""
    return {**MANY, "D-0": f"moved {number}"}


async def acted(engine: AsyncEngine, did: Acts, start_ms: float = START_MS) -> float:
    """A server where devices are bound anew, that serves other revisions, and whose clock is set back; gives
    when it ended.
    """
    filming = await begun(engine, start_ms, "r0", bound(0))
    for kind, number in did:
        if kind == "bind":
            await filming.film.scenes.put("r0", bound(number))
        elif kind == "start":
            await filming.film.scenes.flush()
            await filming.film.recorder.stop()
            later_ms = filming.clock.time_ms + 1000.0 * (1 + number)
            filming = await begun(engine, later_ms, f"r{number}", bound(number))
        back_ms = 2000.0 if kind == "back" else 0.0
        for frame in noise(4, filming.clock.time_ms - back_ms):
            filming.record(frame)
    await filming.film.scenes.flush()
    await filming.film.recorder.stop()
    return filming.clock.time_ms


async def told(engine: AsyncEngine, end_ms: float, until_ms: float | None = None) -> list[Told]:
    """What was in force, all over, as a server tells it that does not record."""
    film = Film(engine, registry(), HandClock(end_ms))
    await film.open(records=False)
    steps = range(int(((until_ms or end_ms + 3000.0) - START_MS) / 100.0))
    return [await shown(film, START_MS + 100.0 * step) for step in steps]


async def rows(engine: AsyncEngine) -> tuple[list[Scene], dict[str, bytes]]:
    async with engine.connect() as connection:
        scenes = await connection.execute(select(FILM_SCENE).order_by(FILM_SCENE.c.number))
        sets = await connection.execute(select(FILM_BINDINGS.c.hash, FILM_BINDINGS.c.data))
        return [Scene(*row) for row in scenes.all()], {row.hash: bytes(row.data) for row in sets.all()}


# Out and in


@settings(
    max_examples=5,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(did=acts, names=st.sampled_from([(), ("r1",)]))
def test_what_was_in_force_goes_with_an_export(
    tmp_path_factory: pytest.TempPathFactory, did: Acts, names: tuple[str, ...]
) -> None:
    """Also with that of some devices; and begun again it changes nothing."""
    folder = tmp_path_factory.mktemp("film")

    async def check() -> None:
        engine, other = await new_engine(folder), await new_engine(folder, "other")
        end_ms = await acted(engine, did)
        assert (await audited(engine)).faults == []
        exported = await export_film(engine, folder / "x.twinfilm", Order(choice=Choice(devices=names)))
        done = await taken_in(other, folder / "x.twinfilm")
        assert done.new_scenes == exported.scenes > 0
        before = await rows(other)
        assert {scene.bindings for scene in before[0]} <= set(before[1])
        assert not [fault for fault in (await audited(other)).faults if fault.kind in ("scene", "bindings")]
        assert await told(other, end_ms) == await told(engine, end_ms)
        assert (await taken_in(other, folder / "x.twinfilm")).new_scenes == 0
        assert await rows(other) == before
        await engine.dispose()
        await other.dispose()

    asyncio.run(check())


async def test_parts_of_a_film_bring_its_scenes_together_again(tmp_path: Path) -> None:
    engine, other = await new_engine(tmp_path), await new_engine(tmp_path, "other")
    end_ms = await acted(engine, BUSY)
    edges = [-math.inf, START_MS + 900.0, START_MS + 2500.0, math.inf]
    for number in (2, 0, 1):
        file = tmp_path / f"{number}.twinfilm"
        await export_film(engine, file, Order(edges[number], edges[number + 1]))
        await taken_in(other, file)
    assert await told(other, end_ms) == await told(engine, end_ms)
    assert len((await rows(other))[0]) <= len((await rows(engine))[0])
    assert (await audited(other)).faults == []
    await engine.dispose()
    await other.dispose()


async def test_an_import_that_was_stopped_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before any of its film came, and after some did."""
    engine, other = await new_engine(tmp_path), await new_engine(tmp_path, "other")
    end_ms = await acted(engine, BUSY)
    exported = await export_film(engine, tmp_path / "x.twinfilm", Order())
    taken = importing._Import._take
    for most in (0, 2):

        async def stopped(own: importing._Import, cut: Cut, most: int = most) -> None:
            if own._done.stretches > most:
                raise OSError(28, "No space left on device")
            await taken(own, cut)

        with monkeypatch.context() as patched:
            patched.setattr(importing._Import, "_take", stopped)
            with pytest.raises(OSError, match="No space"):
                await taken_in(other, tmp_path / "x.twinfilm")
        assert len((await rows(other))[0]) == exported.scenes
    done = await taken_in(other, tmp_path / "x.twinfilm")
    assert (done.new_scenes, done.stretches) == (0, exported.stretches)
    assert len((await rows(other))[0]) == exported.scenes
    assert await told(other, end_ms) == await told(engine, end_ms)
    await engine.dispose()
    await other.dispose()


async def test_a_film_keeps_its_own_scenes_and_records_on(tmp_path: Path) -> None:
    engine, other = await new_engine(tmp_path), await new_engine(tmp_path, "other")
    await acted(engine, BUSY)
    middle_ms = START_MS + 1500.0
    filming = await begun(other, middle_ms, "own", {"D-1": "own"})
    for frame in noise(4, middle_ms):
        filming.record(frame)
    await filming.film.scenes.flush()
    await filming.film.recorder.stop()
    own_ms = filming.clock.time_ms
    await export_film(engine, tmp_path / "x.twinfilm", Order())
    await taken_in(other, tmp_path / "x.twinfilm")
    later_ms = START_MS + 60_000.0
    again = await begun(other, later_ms, "own", {"D-1": "own"})
    for film in (again.film, Film(other, registry(), HandClock(later_ms))):
        if film is not again.film:
            await again.film.scenes.flush()
            await film.open(records=False)
        assert await shown(film, START_MS + 100.0) == ("r0", bound(0))
        for time_ms in (middle_ms, own_ms - 100.0, later_ms):
            assert await shown(film, time_ms) == ("own", {"D-1": "own"})
        assert await shown(film, own_ms + 1500.0) != ("own", {"D-1": "own"})
    await engine.dispose()
    await other.dispose()


async def test_an_export_without_scenes_is_taken_as_ever(tmp_path: Path) -> None:
    """As version 1 was."""
    engine, other = await new_engine(tmp_path), await new_engine(tmp_path, "other")
    await acted(engine, BUSY)
    exported = await export_film(engine, tmp_path / "new.twinfilm", Order())
    with (
        zipfile.ZipFile(tmp_path / "new.twinfilm") as new,
        zipfile.ZipFile(tmp_path / "x.twinfilm", "w") as old,
    ):
        manifest = json.loads(new.read("manifest.json"))
        del manifest["scenes"]
        manifest["version"] = 1
        kept = {name: each for name, each in manifest["parts"].items() if not name.startswith(("sc", "bi"))}
        for name in kept:
            old.writestr(name, new.read(name))
        old.writestr("manifest.json", json.dumps(manifest | {"parts": kept}))
    done = await taken_in(other, tmp_path / "x.twinfilm")
    assert (done.new_samples, done.new_scenes) == (exported.samples, 0)
    assert await rows(other) == ([], {})
    assert (await audited(other)).faults == []
    assert (await taken_in(other, tmp_path / "new.twinfilm")).new_scenes == exported.scenes
    await engine.dispose()
    await other.dispose()


@given(venue_acts, venue_acts, st.sampled_from([-math.inf, 5, 30, 60]))
@settings(max_examples=60)
def test_of_each_millisecond_what_is_known_stays_and_what_is_missing_comes(
    did: list[tuple[str, int, str]], theirs: list[tuple[str, int, str]], from_ms: float
) -> None:
    mine, other = Venue(), Venue(now=50)
    for venue, each in ((mine, did), (other, theirs)):
        for act in each:
            venue.do(act)
        venue.keep()
    book, own = _stopped(mine, mine.rows)
    _, wanted = _stopped(other, other.rows, from_ms)
    new = lacking(own, wanted)
    changed = {scene.number: scene for scene in scenes_taken_in(book, new)}
    _, after = _stopped(mine, mine.rows | changed)
    for time_ms in range(200):
        assert _at(after, time_ms) == (_at(own, time_ms) or _at(wanted, time_ms)), time_ms
        if time_ms in mine.truth:
            assert _at(own, time_ms) == mine.truth[time_ms]
    assert lacking(after, wanted) == []


def _stopped(
    venue: Venue, kept: Mapping[int, Scene], from_ms: float = -math.inf
) -> tuple[SceneBook, list[Stay]]:
    """What a tool knows of a venue with these rows, whose server has ended."""
    book = book_of([kept[number] for number in sorted(kept)], [venue.last_ms + 1.0] if venue.truth else [])
    film = [Piece(time_ms, time_ms + 1, 0) for time_ms in sorted(venue.truth)]
    return book, stays(book, film, from_ms)


def _at(found: Sequence[Stay], time_ms: float) -> str | None:
    return next((each.revision for each in found if each.from_ms <= time_ms < each.until_ms), None)


@given(bindings, bindings, st.floats(-1e15, 1e15), st.floats(1.0, 1e9), st.text(max_size=20))
@settings(max_examples=50)
def test_parts_come_back_as_they_were(
    one: dict[str, str | None], other: dict[str, str | None], from_ms: float, length: float, revision: str
) -> None:
    whole = encode_bindings(BindingSet.of(one), None)
    sets = (whole, encode_bindings(BindingSet.of(one | other), BindingSet.of(one)))
    assert tuple(decode_set(each.hash, encode_set(each)) for each in sets) == sets
    stay = Stay(from_ms, from_ms + length, revision.replace("\0", ""), whole.hash)
    assert decode_stays(encode_stays([stay])) == (stay,)


STORED = encode_bindings(BindingSet.of({"D-1": "a"}), None)
STAY = Stay(10.0, 20.0, "r", STORED.hash)


@pytest.mark.parametrize(
    "wrong",
    [
        CarriedScenes((STAY,), ()),
        CarriedScenes((STAY, replace(STAY, from_ms=15.0, until_ms=30.0)), (STORED,)),
        CarriedScenes((replace(STAY, until_ms=10.0),), (STORED,)),
        CarriedScenes((replace(STAY, from_ms=math.nan),), (STORED,)),
        CarriedScenes((STAY,), (replace(STORED, base="0" * 16),)),
        CarriedScenes((STAY,), (replace(STORED, data=STORED.data[:-1]),)),
    ],
)
def test_an_export_that_contradicts_itself_is_refused(wrong: CarriedScenes) -> None:
    assert CarriedScenes((STAY,), (STORED,)).fault() is None
    assert wrong.fault() is not None


async def test_an_export_whose_scenes_were_changed_is_refused(tmp_path: Path) -> None:
    engine, other = await new_engine(tmp_path), await new_engine(tmp_path, "other")
    await acted(engine, BUSY[:2])
    file = tmp_path / "x.twinfilm"
    await export_film(engine, file, Order())
    data = file.read_bytes()
    with zipfile.ZipFile(file) as archive:
        parts = [name for name in archive.namelist() if name.startswith(("bindings/", "scenes"))]
        places = [data.index(archive.read(name)) for name in parts]
    assert len(parts) == 3
    for place in places:
        file.write_bytes(data[: place + 9] + bytes([data[place + 9] ^ 1]) + data[place + 10 :])
        with pytest.raises(FilmFileError, match="damaged"):
            await taken_in(other, file)
    assert await rows(other) == ([], {})
    await engine.dispose()
    await other.dispose()


# Damage


def test_a_bit_that_was_changed_in_bindings_is_found_or_says_the_same() -> None:
    found = BindingSet.of(MANY)
    stored, missed = encode_bindings(found, None), 0
    for place in range(8 * len(stored.data)):
        changed = bytearray(stored.data)
        changed[place // 8] ^= 1 << place % 8
        with contextlib.suppress(DamagedFilmError):
            assert decode_bindings(replace(stored, data=bytes(changed)), None) == found
            missed += 1
    assert missed <= 16  # bits that zstd does not use


async def test_bindings_that_cannot_be_read_are_given_up_and_come_back_by_an_export(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    end_ms = await acted(engine, BUSY)
    await export_film(engine, tmp_path / "x.twinfilm", Order())
    before, (scenes, sets) = await told(engine, end_ms), await rows(engine)
    key = scenes[1].bindings
    data = bytearray(sets[key])
    data[len(data) // 2] ^= 4
    async with writing(engine) as connection:
        same = FILM_BINDINGS.c.hash == key
        await connection.execute(update(FILM_BINDINGS).where(same).values(data=bytes(data)))
    faults = (await audited(engine)).faults
    assert [fault.kind for fault in faults] == ["bindings"]
    own = [scene for scene in scenes if scene.bindings == key]
    assert faults[0].from_ms == own[0].from_ms
    with pytest.raises(DamagedFilmError, match=key):
        await export_film(engine, tmp_path / "y.twinfilm", Order())
    assert await repair(engine, faults) == faults
    assert (await audited(engine)).faults == []
    after = await told(engine, end_ms)
    assert after == [None if scene is not None and scene[1] == bound(1) else scene for scene in before]
    assert None in after
    await export_film(engine, tmp_path / "y.twinfilm", Order())
    assert (await taken_in(engine, tmp_path / "x.twinfilm")).new_scenes > 0
    assert (await audited(engine)).faults == []
    assert await told(engine, end_ms) == before


async def test_what_others_differ_from_takes_them_along(tmp_path: Path) -> None:
    engine = await new_engine(tmp_path)
    end_ms = await acted(engine, BUSY[:2])
    scenes, _ = await rows(engine)
    async with writing(engine) as connection:
        await connection.execute(delete(FILM_BINDINGS).where(FILM_BINDINGS.c.base.is_(None)))
    faults = (await audited(engine)).faults
    assert sorted(fault.what[-7:] for fault in faults) == ["missing"] * 2
    await repair(engine, faults)
    assert (await audited(engine)).faults == []
    assert set(await told(engine, end_ms)) == {None}
    left, sets = await rows(engine)
    assert left == [replace(scene, bindings=GIVEN_UP) for scene in scenes]
    assert sets == {}
    await engine.dispose()


async def test_a_scene_that_is_gone_is_found(tmp_path: Path) -> None:
    engine = await new_engine(tmp_path)
    await acted(engine, BUSY)
    async with writing(engine) as connection:
        await connection.execute(delete(FILM_SCENE).where(FILM_SCENE.c.number == 2))
    assert ["scene 2 is missing" in fault.what for fault in (await audited(engine)).faults] == [True]
    await engine.dispose()


FILM = [Entry(1, 0.0, 100.0, "x", 0)]
FIRST, SECOND = Scene(1, 0.0, 50.0, "r", STORED.hash), Scene(2, 50.0, None, "r", STORED.hash)


@pytest.mark.parametrize(
    ("scenes", "kinds"),
    [
        ([FIRST, SECOND], []),
        ([], []),
        ([FIRST, replace(SECOND, from_ms=60.0)], []),  # a kill between the film and its scene
        ([FIRST, replace(SECOND, from_ms=20.0)], []),  # a clock that was set back
        ([replace(FIRST, until_ms=None), SECOND], ["scene"]),
        ([replace(FIRST, until_ms=-5.0), SECOND], ["scene"]),
        ([replace(FIRST, from_ms=math.inf), SECOND], ["scene"]),
        ([FIRST, replace(SECOND, number=4, from_ms=60.0)], ["scene"]),
        ([FIRST, replace(SECOND, number=4)], []),
        ([replace(FIRST, until_ms=200.0), replace(SECOND, number=4, from_ms=300.0)], []),  # no film there
        ([FIRST, replace(SECOND, bindings="0" * 16)], ["bindings"]),
        ([FIRST, replace(SECOND, bindings=GIVEN_UP)], []),
    ],
)
def test_scenes_that_cannot_be_are_found(scenes: list[Scene], kinds: list[str]) -> None:
    assert [fault.kind for fault in scene_faults(scenes, {STORED.hash: STORED}, FILM)] == kinds


def test_verify_names_bindings_and_repair_says_what_is_given_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def make() -> None:
        engine = await new_engine(tmp_path)
        await acted(engine, BUSY[:1])
        async with writing(engine) as connection:
            await connection.execute(update(FILM_BINDINGS).values(data=b"nonsense"))
        await engine.dispose()

    asyncio.run(make())
    verify = ["film", "verify", "--data", str(tmp_path)]
    assert run(verify) == EXIT_FAULT
    assert "bindings" in capsys.readouterr().err
    assert run([*verify, "--repair"]) == EXIT_OK
    assert "given up" in capsys.readouterr().err
    assert run([*verify, "--json"]) == EXIT_OK
    document = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (document["holds"], document["scenes"], document["bindings"]) == (True, 1, 0)
