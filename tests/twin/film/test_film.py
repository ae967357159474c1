"""The film's readers: any moment, any point, whatever lies between."""

import asyncio

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.points import Device, DeviceType, PointType, Registry, State
from telemetry_bridge.wire import Quality
from tests.telemetry_bridge.builders import registry
from tests.twin.film.filming import Filming, noise
from tests.twin.film.scenes import START_MS, folded, frame_of, frames_of, same_state, samples, steps_ms
from twin.errors import DamagedFilmError, NotRecordedError
from twin.film.cold.ledger import ColdLedger, Stored
from twin.film.described import decode_registry, describe, encode_registry, mapping
from twin.film.film import Film
from twin.film.reading import FilmSettings
from twin.film.recorder import RecorderSettings
from twin.store.database import open_database, writing
from twin.store.tables import FILM_STRIP

Scene = list[tuple[float, dict[int, tuple[float, int]]]]
small = st.lists(
    st.tuples(steps_ms, samples.map(lambda each: {point % 9: value for point, value in each.items()})),
    min_size=1,
    max_size=12,
)


async def compare(run: Filming, film: Film, moments: list[float]) -> None:
    for time_ms in (START_MS + each for each in moments):
        expected = folded(run.frames, time_ms, 9)
        found = await film.state_at(time_ms)
        if found.gap is None:
            assert same_state(found.state, expected)
        else:
            assert found.state.value.tobytes() == expected.value.tobytes()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    scene=small,
    moments=st.lists(st.floats(0, 60_000), min_size=1, max_size=5),
    flushes=st.sets(st.integers(0, 11)),
)
def test_the_state_of_any_moment_is_what_the_frames_add_up_to(
    tmp_path_factory: pytest.TempPathFactory, scene: Scene, moments: list[float], flushes: set[int]
) -> None:
    async def check() -> None:
        engine = await open_database(f"sqlite:///{tmp_path_factory.mktemp('film') / 'twin.db'}")
        run = await Filming.begin(
            engine, settings=RecorderSettings(segment_s=2.0, grace_s=0.5, segment_samples=7)
        )
        for number, frame in enumerate(frames_of(scene)):
            run.record(frame)
            if number in flushes:
                await run.film.recorder.flush()
        await compare(run, run.film, moments)
        await run.film.recorder.stop()
        await compare(run, (await Filming.begin(engine, run.clock.time_ms + 1e6)).film, moments)
        await engine.dispose()

    asyncio.run(check())


async def test_in_a_gap_everything_is_stale_and_the_gap_is_told(engine: AsyncEngine) -> None:
    first = await Filming.begin(engine)
    first.record(frame_of(START_MS + 100, {0: (1.0, Quality.GOOD), 1: (2.0, Quality.BAD)}))
    await first.film.recorder.stop()
    second = await Filming.begin(engine, START_MS + 60_000)
    moment = await second.film.state_at(START_MS + 30_000)
    assert moment.gap is not None
    assert moment.gap.to_ms == START_MS + 60_000
    assert moment.state.value[:2].tolist() == [1.0, 2.0]
    assert moment.state.quality[:2].tolist() == [Quality.STALE, Quality.BAD]
    assert (await second.film.state_at(START_MS + 60_000)).state.known.sum() == 0


async def test_before_all_film_there_is_nothing(engine: AsyncEngine) -> None:
    run = await Filming.begin(engine)
    with pytest.raises(NotRecordedError, match="GET /api/film"):
        await run.film.state_at(START_MS - 1)


async def test_damaged_film_is_said_and_the_rest_is_read(engine: AsyncEngine) -> None:
    first = await Filming.begin(engine)
    for frame in noise(20):
        first.record(frame)
        await first.film.recorder.flush()
    await first.film.recorder.stop()
    async with writing(engine) as connection:
        await connection.execute(update(FILM_STRIP).where(FILM_STRIP.c.segment == 2).values(data=b"FILM..."))
    second = await Filming.begin(engine, START_MS + 60_000)
    with pytest.raises(DamagedFilmError):
        await second.film.state_at(START_MS + 1500)
    assert (await second.film.state_at(START_MS + 500)).gap is None


@pytest.mark.parametrize("stopped", [False, True])
async def test_history_is_every_sample_of_its_span(engine: AsyncEngine, *, stopped: bool) -> None:
    run = await Filming.begin(engine)
    for frame in noise(60):
        run.record(frame)
        await run.film.recorder.flush()
    film: Film = run.film
    if stopped:
        await film.recorder.stop()
        film = (await Filming.begin(engine, run.clock.time_ms + 1000)).film
    from_ms, to_ms = START_MS + 2500, START_MS + 9500
    for row, point in enumerate(run.registry.points):
        wanted = film.find_point(point.device, point.name)
        assert wanted is not None
        expected = [
            (frame.time_ms, frame.value[frame.point_index == row].tobytes())
            for frame in run.frames
            if row in frame.point_index
        ]
        history = await film.history(wanted, from_ms, to_ms, 0)
        columns = (history.track.time_ms.tolist(), [value.tobytes() for value in history.track.value])
        assert list(zip(*columns, strict=True)) == [each for each in expected if from_ms <= each[0] < to_ms]
        earlier = [each for each in expected if each[0] < from_ms]
        before = history.before
        assert [
            (time, value.tobytes()) for time, value in zip(before.time_ms, before.value, strict=True)
        ] == (earlier[-1:])


async def test_a_long_history_comes_in_parts(engine: AsyncEngine) -> None:
    run = await Filming.begin(engine)
    for frame in noise(60):
        run.record(frame)
    point = run.film.find_point("l1", "flag")
    assert point is not None
    whole = (await run.film.history(point, START_MS, START_MS + 60_000, 0)).track
    parts, begin = [], START_MS
    while True:
        part = await run.film.history(point, begin, START_MS + 60_000, 0, limit=7)
        parts.append(part.track)
        if part.next_ms is None:
            break
        assert len(part.track) == 7
        begin = part.next_ms
    assert np.concatenate([part.time_ms for part in parts]).tolist() == whole.time_ms.tolist()
    few = await run.film.history(point, START_MS, START_MS + 60_000, 6)
    assert len(few.track) <= 6
    assert np.nanmax(few.track.value) == np.nanmax(whole.value)


async def test_points_come_and_go_between_recordings(engine: AsyncEngine) -> None:
    first = await Filming.begin(engine, devices=registry(["r1", "r2"], ["l1"]))
    for frame in noise(12):
        first.record(frame)
    await first.film.recorder.stop()
    second = await Filming.begin(engine, START_MS + 60_000, devices=registry(["r0", "r2"], ["l1", "l2"]))
    before, moment = first.expected(np.inf), await second.film.state_at(first.clock.time_ms)
    for row, point in enumerate(first.registry.points):
        now = second.registry.find(point.device, point.name)
        if now is not None:
            assert moment.state.value[now.point_index].tobytes() == before.value[row].tobytes()
            assert moment.state.time_ms[now.point_index] == before.time_ms[row]
    assert {each.point.device for each in moment.gone} == {"r1"}
    assert not moment.state.known[[point.point_index for point in second.registry.points_of("r0")]].any()
    gone = second.film.find_point("r1", "temperature")
    assert gone is not None
    assert len((await second.film.history(gone, START_MS, START_MS + 9e4, 0)).track) > 0
    assert second.film.find_point("nobody", "temperature") is None


def one_point(unit: str = "1", states: tuple[str, ...] = ()) -> Registry:
    kind = DeviceType(
        "t", points=(PointType("p", unit=unit, states=tuple(State(each, "", "") for each in states)),)
    )
    return Registry([kind], [Device("d", "t")])


@pytest.mark.parametrize(
    ("then", "now", "same"),
    [
        (one_point("kW"), one_point("kW"), True),
        (one_point("kW"), one_point("W"), False),
        (one_point(states=("off", "on")), one_point(states=("off", "on", "fault")), True),
        (one_point(states=("off", "on", "fault")), one_point(states=("off", "on")), True),
        (one_point(states=("off", "on")), one_point(states=("on", "off")), False),
        (one_point(states=("off", "on")), one_point(), False),
    ],
)
def test_a_value_of_then_is_shown_only_where_it_means_the_same(
    then: Registry, now: Registry, *, same: bool
) -> None:
    assert (mapping(describe(then), describe(now)).now_index.tolist() == [0]) is same


def test_a_registry_comes_back_and_rubbish_does_not() -> None:
    known = describe(registry())
    assert decode_registry(known.hash, encode_registry(known)) == known
    for rubbish in (b"", b"rubbish", encode_registry(known)[:-4]):
        with pytest.raises(DamagedFilmError):
            decode_registry("x", rubbish)


async def test_opened_film_is_kept_within_bounds(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await Filming.begin(engine)
    for frame in noise(60):
        run.record(frame)
        await run.film.recorder.flush()
    await run.film.recorder.stop()
    again = await Filming.begin(engine, START_MS + 60_000)
    moments = [float(each) for each in np.linspace(START_MS + 1, START_MS + 11_000, 30)]
    for time_ms in moments:
        await again.film.state_at(time_ms)
    kept = again.film._opened
    assert len(kept) > 5
    reads: list[int] = []
    read = again.film.cold.ledger.stored

    async def counted(segment: int) -> Stored:
        reads.append(segment)
        return await read(segment)

    monkeypatch.setattr(ColdLedger, "stored", lambda _self, segment: counted(segment))
    await again.film.state_at(START_MS + 5000)
    assert reads == []
    tight = Film(engine, run.registry, run.clock, FilmSettings(cache_bytes=1))
    await tight.open()
    for time_ms in moments:
        await tight.state_at(time_ms)
    assert len(tight._opened) == 1
    assert len(reads) > 5
