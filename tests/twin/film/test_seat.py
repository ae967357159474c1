"""One viewer's pace: what it gets when, and when it is closed."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.hub import CLOSE_POLICY, CLOSE_TRY_AGAIN_LATER, MAX_ANSWERS, MAX_EVENTS
from telemetry_bridge.selection import EVERYTHING, Selection
from telemetry_bridge.wire import Kind, decode_frame
from tests.twin.film.playing import POINTS, Clock, Watcher
from tests.twin.film.scenes import folded, frame_of
from twin.film.replay import Cut
from twin.film.wishes import DEFAULT_RATE


def cuts(count: int, jumps: frozenset[int] = frozenset()) -> list[Cut]:
    """Moments of which each changes one point; those of `jumps` were jumped to."""
    found, frames, jump = [], [], 1
    for seq in range(1, count + 1):
        frames.append(frame_of(float(seq), {seq % POINTS: (float(seq), 0)}))
        jump = seq if seq in jumps else jump
        found.append(Cut(seq, float(seq), folded(frames, n=POINTS), jump))
    return found


@given(
    st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.sampled_from([0.01, 0.05, 0.2])), max_size=30),
    st.frozensets(st.integers(1, 30)),
    st.sets(st.integers(0, POINTS - 1)),
    st.sampled_from([1, 2, 5, None]),
)
def test_whatever_its_pace_its_frames_add_up_to_the_moment_that_it_shows(
    steps: list[tuple[int, bool, float]], jumps: frozenset[int], wanted: set[int], ahead: int | None
) -> None:
    viewer, moments = Watcher(Clock()), cuts(len(steps), jumps)
    viewer.seat.select(Selection.of(POINTS, sorted(wanted)), None)
    if ahead is not None:
        viewer.seat.acknowledge(0, ahead)
    for cut, (messages, acknowledges, pause_s) in zip(moments, steps, strict=True):
        viewer.seat.publish(cut, [json.dumps({"type": "event", "event_seq": cut.seq})])
        viewer.clock.now_s += pause_s
        viewer.take(messages)
        if acknowledges and viewer.frames:
            viewer.seat.acknowledge(viewer.frames[-1].seq, None)
        if ahead is not None and viewer.frames:
            assert len(viewer.seat._under_way) <= ahead
        if viewer.frames:
            state = moments[viewer.frames[-1].seq - 1].state
            held = np.isin(np.arange(POINTS), sorted(wanted)) & state.known
            assert viewer.shown.value.tolist() == pytest.approx(
                np.where(held, state.value, np.nan).tolist(), nan_ok=True
            )
    seqs = [frame.seq for frame in viewer.frames]
    assert seqs == sorted(set(seqs))
    for frame in viewer.frames:  # never before the events of its moment
        place = viewer.told.index(("frame", frame.time_ms))
        assert viewer.told[:place].count(("event", frame.seq)) == 1


def test_frames_keep_their_distance_but_a_jump_shows_at_once() -> None:
    viewer, moments = Watcher(Clock()), cuts(6, frozenset({5}))
    times = []
    for cut in moments:
        viewer.seat.publish(cut)
        if viewer.take():
            times.append(cut.seq)
        viewer.clock.now_s += 0.04
    assert times == [1, 4, 5]  # the next slot begins after 0.1 s; the jump does not wait for one
    assert [frame.kind for frame in viewer.frames] == [Kind.SNAPSHOT, Kind.DELTA, Kind.SNAPSHOT]


def test_a_fast_wall_gets_thirty_frames_a_second_and_others_ten() -> None:
    clock = Clock()
    wall, desk = Watcher(clock), Watcher(clock)
    wall.seat.select(EVERYTHING, 30.0)
    for cut in cuts(100):
        for viewer in (wall, desk):
            viewer.seat.publish(cut)
            viewer.take()
        clock.now_s += 0.01
    assert len(desk.frames) == pytest.approx(DEFAULT_RATE, abs=1)
    assert len(wall.frames) == pytest.approx(30, abs=5)


def test_one_encode_serves_all_who_have_and_want_the_same() -> None:
    clock, (first, second) = Clock(), cuts(2)
    viewers = [Watcher(clock) for _ in range(3)]
    taken = []
    for cut in (first, second):
        for viewer in viewers:
            viewer.seat.publish(cut)
        taken.append([viewer.seat.take(clock.now_s) for viewer in viewers])
        for viewer in viewers:
            viewer.seat.sent()
        clock.now_s += 1.0
    for messages in taken:
        assert messages[0] is messages[1] is messages[2]
    assert isinstance(taken[1][0], bytes)
    assert decode_frame(taken[1][0]).point_index.tolist() == [2]


def test_who_takes_other_points_begins_with_a_snapshot_of_them() -> None:
    viewer, (only,) = Watcher(Clock()), cuts(1)
    viewer.seat.publish(only)
    viewer.take()
    viewer.seat.select(Selection.of(POINTS, [1, 2]), None)
    viewer.take()
    assert viewer.frames[-1].kind is Kind.SNAPSHOT
    assert viewer.frames[-1].point_index.tolist() == [1]
    viewer.seat.select(Selection.of(POINTS, [1, 2]), 5.0)
    assert viewer.take() == 0


def test_who_acknowledges_no_more_is_closed_in_the_end() -> None:
    viewer = Watcher(Clock(), patience_s=30.0)
    viewer.seat.acknowledge(0, 1)
    for cut in cuts(40):
        viewer.seat.publish(cut)
        viewer.take()
        wait_s = viewer.seat.wait_s(viewer.clock.now_s)
        assert wait_s is None or wait_s <= 30.0
        viewer.clock.now_s += 1.0
    assert len(viewer.frames) == 1
    assert viewer.seat.close_code == CLOSE_TRY_AGAIN_LATER
    assert viewer.seat.take(viewer.clock.now_s) is None


def test_who_acknowledges_seldom_is_not() -> None:
    viewer = Watcher(Clock(), patience_s=30.0)
    viewer.seat.acknowledge(0, 1)
    for cut in cuts(200):
        viewer.seat.publish(cut)
        viewer.take()
        viewer.clock.now_s += 1.0
        if cut.seq % 20 == 0:
            viewer.seat.acknowledge(viewer.frames[-1].seq, None)
    assert viewer.seat.close_code is None
    assert len(viewer.frames) > 8


def test_too_many_events_or_answers_that_wait_end_it_and_keep_nothing() -> None:
    late, deaf = Watcher(Clock()), Watcher(Clock())
    for cut in cuts(MAX_EVENTS + 2):
        late.seat.publish(cut, ["{}"])
    assert late.seat.close_code == CLOSE_TRY_AGAIN_LATER
    assert not late.seat._events
    for _ in range(MAX_ANSWERS + 1):
        deaf.seat.answer("{}")
    assert deaf.seat.close_code == CLOSE_POLICY
    assert not deaf.seat._answers


def test_of_what_is_told_anew_only_the_newest_waits() -> None:
    viewer = Watcher(Clock())
    for number in range(5):
        viewer.seat.tell("view", json.dumps({"type": "view", "number": number}))
    viewer.take()
    assert viewer.texts == [{"type": "view", "number": 4}]
