"""A cut film tells every moment as samples one by one would; files give it back to the bit."""

import io
import math
import struct

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.wire import Quality
from tests.telemetry_bridge.builders import HandClock, registry
from twin.film.described import PastPoint
from twin.film.segment import State
from twin.film.timeline import Gap
from twin.incidents.archived_film import ArchivedFilm
from twin.incidents.columns_file import read_joints, read_samples, samples_file, states_file
from twin.incidents.errors import ArchiveError
from twin.incidents.film_cut import FilmCut, Joint, in_order

POINTS = 4
START_MS, END_MS = 1000.0, 2000.0
values = st.one_of(st.floats(), st.sampled_from([0.0, -0.0, float("nan"), float("inf")]))
samples = st.tuples(
    st.integers(0, POINTS - 1),
    st.integers(1, 999).map(lambda number: START_MS + number),
    values,
    st.integers(0, 3),
)


def points(count: int = POINTS) -> tuple[PastPoint, ...]:
    return tuple(PastPoint(f"D{row}", "p", "1", ()) for row in range(count))


def column(rows: list[int]) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
    return np.array(rows, dtype=np.int32)


def cut_of(
    first: dict[int, float], later: list[tuple[int, float, float, int]], joint_ms: list[float]
) -> FilmCut:
    """A film of samples, with joints at its beginning and some later moments, told one sample at a time."""
    ordered = sorted(later, key=lambda each: each[1])
    known = {row: (START_MS - 1.0, value, 0) for row, value in first.items()}
    joints = []
    for at_ms in [START_MS, *sorted(set(joint_ms))]:
        state = dict(known)
        for row, time_ms, value, quality in ordered:
            if time_ms <= at_ms:
                state[row] = (time_ms, value, quality)
        rows = sorted(state)
        joints.append(
            Joint(
                at_ms,
                column(rows),
                np.array([state[row][0] for row in rows]),
                np.array([state[row][1] for row in rows]),
                np.array([state[row][2] for row in rows], dtype=np.uint8),
            )
        )
    part = (
        column([each[0] for each in later]),
        np.array([each[1] for each in later]),
        np.array([each[2] for each in later]),
        np.array([each[3] for each in later], dtype=np.uint8),
    )
    return FilmCut(START_MS, END_MS, "r", points(), POINTS, tuple(joints), *in_order([part]), gaps=())


def told(first: dict[int, float], later: list[tuple[int, float, float, int]], at_ms: float) -> State:
    state = State.unknown(POINTS)
    for row, value in first.items():
        state.time_ms[row], state.value[row], state.quality[row] = START_MS - 1.0, value, 0
    for row, time_ms, value, quality in sorted(later, key=lambda each: each[1]):
        if time_ms <= at_ms:
            state.time_ms[row], state.value[row], state.quality[row] = time_ms, value, quality
    return state


def same(one: State, other: State) -> bool:
    columns = ((one.value, other.value), (one.quality, other.quality), (one.time_ms, other.time_ms))
    return all(left.tobytes() == right.tobytes() for left, right in columns)


film = {
    "first": st.dictionaries(st.integers(0, POINTS - 1), values),
    "later": st.lists(samples, max_size=30, unique_by=lambda each: (each[0], each[1])),
    "joint_ms": st.lists(st.integers(1, 998).map(lambda number: START_MS + number), max_size=3),
}


@given(**film, at_ms=st.integers(0, 1000).map(lambda number: START_MS + number))
def test_every_moment_is_told_as_its_samples_say(
    first: dict[int, float], later: list[tuple[int, float, float, int]], joint_ms: list[float], at_ms: float
) -> None:
    assert same(cut_of(first, later, joint_ms).state_at(at_ms), told(first, later, at_ms))


@given(**film)
def test_files_give_it_back_to_the_bit(
    first: dict[int, float], later: list[tuple[int, float, float, int]], joint_ms: list[float]
) -> None:
    before = cut_of(first, later, joint_ms)
    columns = read_samples(samples_file(before), POINTS)
    for name in ("row", "time_ms", "value", "quality"):
        assert columns[name].tobytes() == getattr(before, name).tobytes()
    joints = read_joints(states_file(before), [joint.at_ms for joint in before.joints], POINTS)
    for one, other in zip(joints, before.joints, strict=True):
        assert one.at_ms == other.at_ms
        assert one.value.tobytes() == other.value.tobytes()
        assert (one.row == other.row).all()


def test_the_payload_of_a_nan_comes_back() -> None:
    odd = struct.unpack("<d", struct.pack("<Q", 0x7FF8_DEAD_BEEF_0001))[0]
    cut = cut_of({}, [(0, 1500.0, odd, 0), (1, 1500.0, float("nan"), 0)], [])
    assert read_samples(samples_file(cut), POINTS)["value"].tobytes() == cut.value.tobytes()


@pytest.mark.parametrize(
    "change",
    [
        {"row": column([9])},
        {"row": column([-1])},
        {"time_ms": np.array([np.nan])},
        {"quality": np.array([9], np.uint8)},
    ],
)
def test_numbers_that_no_film_holds_are_refused(change: dict[str, object]) -> None:
    known = {
        "row": column([0]),
        "time_ms": np.array([1.0]),
        "value": np.array([1.0]),
        "quality": np.array([0], np.uint8),
    }
    joint = cut_of({}, [], []).joints
    cut = FilmCut(START_MS, END_MS, "r", points(10), 10, joint, **known | change, gaps=())  # type: ignore[arg-type]
    with pytest.raises(ArchiveError):
        read_samples(_raw(cut), 5)


def _raw(cut: FilmCut) -> bytes:
    """The samples as a file, without names: what is wrong in them has none."""
    columns = {name: getattr(cut, name) for name in ("time_ms", "row", "value", "quality")}
    target = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), target)
    return target.getvalue()


async def test_a_gap_is_a_gap_in_the_archive_too() -> None:
    gap = Gap(1200.0, 1400.0)
    stale = Joint(
        1200.0, column([0]), np.array([1100.0]), np.array([5.0]), np.array([Quality.STALE], np.uint8)
    )
    before = cut_of({}, [(0, 1100.0, 5.0, 0), (0, 1500.0, 6.0, 0)], [])
    cut = FilmCut(
        START_MS, END_MS, "r", points(), POINTS,
        (*before.joints, stale), before.row, before.time_ms, before.value, before.quality, (gap,),
    )  # fmt: skip
    film = ArchivedFilm.__new__(ArchivedFilm)
    film._cut = cut
    film._row_of = {}
    for at_ms, value, quality, found in (
        (1150.0, 5.0, 0, None),
        (1200.0, 5.0, Quality.STALE, gap),
        (1399.0, 5.0, Quality.STALE, gap),
        (1600.0, 6.0, 0, None),
    ):
        moment = await film.state_at(at_ms)
        assert (moment.state.value[0], moment.state.quality[0], moment.gap) == (value, quality, found)
    assert film.gaps(0.0, 1200.0) == ()
    assert film.gaps(1300.0, 1301.0) == (gap,)
    assert film.piece_at(1500.0)[0].from_ms == 1400.0
    assert film.piece_at(1100.0)[0].to_ms == 1200.0


async def test_all_samples_of_an_archive_are_those_of_its_histories() -> None:
    """What a film's samples are asked for goes on with an archive's, where nothing records."""
    later = [(0, 1100.0, 5.0, 0), (2, 1100.5, -0.0, 1), (0, 1500.0, 6.0, 0), (1, 1999.0, 7.0, 2)]
    film = ArchivedFilm(cut_of({3: 1.0}, later, []), None, registry(), HandClock())
    assert [key.device for key in film.registries[0].points] == ["D0", "D1", "D2", "D3"]
    (whole,) = [each async for each in film.samples(0.0, math.inf)]
    told = [
        (int(row), time_ms)
        for row, time_ms in zip(whole.samples.point_index, whole.samples.time_ms, strict=True)
    ]
    assert told == [(0, 1100.0), (0, 1500.0), (1, 1999.0), (2, 1100.5)]
    assert film.samples_at_most(0.0, math.inf) == 4
    (part,) = [each async for each in film.samples(1100.5, 1999.0)]
    assert part.samples.time_ms.tolist() == [1500.0, 1100.5]
    assert (part.from_ms, part.to_ms) == (1100.5, 1999.0)
    film.recorder.touch()
    assert film.recorder.reel(1) is None
