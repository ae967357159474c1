"""Counters, days, the meter tree and its shares: what holds for any numbers."""

from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.points import Label
from twin.days import day_bounds, day_of
from twin.panels.energy.circuits import Circuit, CircuitTree, Role, shares
from twin.panels.energy.counters import LATE_H, MS_PER_HOUR, Amount, Floats, integral, missing_hours, summed
from twin.panels.energy.counters import per_bucket as per_bucket_read
from twin.panels.energy.counters import total as total_read
from twin.panels.energy.days import bounds, bucket_count

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
MAX_KW = 100.0
rated_kw = st.integers(0, 50_000).map(lambda watts: watts / 1000)
steps = st.lists(st.floats(0.0, MAX_KW), min_size=1, max_size=30)


def total(times_ms: Floats, counter: Floats, max_kw: float) -> Amount:
    """Of readings that came when they were asked for."""
    return total_read(times_ms, counter, times_ms, max_kw)


def per_bucket(times_ms: Floats, counters: Floats, max_kw: Floats) -> Floats:
    return per_bucket_read(times_ms, counters, times_ms[:, None] + np.zeros_like(counters), max_kw)


def hours(count: int) -> np.ndarray:
    return np.arange(count) * MS_PER_HOUR


@given(steps, st.floats(0, 1e7))
def test_a_counter_counts_what_was_used(used: list[float], start: float) -> None:
    counter = start + np.concatenate(([0.0], np.cumsum(used)))
    found = total(hours(len(counter)), counter, MAX_KW)
    assert found.kwh == pytest.approx(sum(used), abs=1e-6)
    assert found.resets == 0
    assert per_bucket(hours(len(counter)), counter[:, None], np.array([MAX_KW]))[:, 0] == pytest.approx(
        used, abs=1e-6
    )


@given(steps, st.data())
def test_a_gap_loses_the_hours_but_not_the_sum(used: list[float], data: st.DataObject) -> None:
    counter = 1000.0 + np.concatenate(([0.0], np.cumsum(used)))
    lost = data.draw(st.sets(st.integers(1, len(used) - 1), max_size=len(used))) if len(used) > 1 else set()
    counter[list(lost)] = np.nan
    assert total(hours(len(counter)), counter, MAX_KW).kwh == pytest.approx(sum(used), abs=1e-6)
    split = per_bucket(hours(len(counter)), counter[:, None], np.array([MAX_KW]))[:, 0]
    unknown = {each - 1 for each in lost} | lost
    assert set(np.flatnonzero(np.isnan(split))) == unknown


def test_a_counter_that_began_anew_counted_what_it_shows() -> None:
    found = total(hours(4), np.array([9000.0, 9050.0, 20.0, 60.0]), MAX_KW)
    assert (found.kwh, found.resets) == (110.0, 1)


@pytest.mark.parametrize("other", [5000.0, 50_000.0])
def test_another_meters_number_is_no_energy(other: float) -> None:
    counter = np.array([9000.0, 9050.0, other, other + 40.0])
    found = total(hours(4), counter, MAX_KW)
    assert (found.kwh, found.resets) == (90.0, 1)
    split = per_bucket(hours(4), counter[:, None], np.array([MAX_KW]))[:, 0]
    assert np.isnan(split).tolist() == [False, True, False]


@given(st.lists(st.floats(50.0, MAX_KW), min_size=4, max_size=40), st.integers(1, 5), st.integers(0, 4))
def test_readings_that_come_seldom_lose_no_energy(power: list[float], beat: int, phase: int) -> None:
    """A meter that speaks at every `beat`-th quarter of an hour is not taken for another meter."""
    quarters = np.arange(len(power) + 1) * MS_PER_HOUR / 4
    true = 1000.0 + np.concatenate(([0.0], np.cumsum(power))) / 4
    spoke = np.maximum((np.arange(len(true)) + phase) // beat * beat - phase, 0)
    found = total_read(quarters, true[spoke], quarters[spoke], MAX_KW)
    assert found.resets == 0
    assert found.kwh == pytest.approx(true[spoke[-1]] - true[0], abs=1e-6)
    split = per_bucket_read(quarters, true[spoke][:, None], quarters[spoke][:, None], np.array([MAX_KW]))
    assert not np.isnan(split).any()
    assert split.sum() == pytest.approx(found.kwh, abs=1e-6)


def test_a_late_reading_brings_no_more_than_an_hour_more() -> None:
    """A counter that stood still all night and then shows another meter's number is not believed."""
    read_ms = np.array([0.0, 0.0, 12.0]) * MS_PER_HOUR
    counter, times = np.array([50.0, 50.0, 50.0 + 2.0 * MAX_KW]), np.array([0.0, 11.0, 12.0]) * MS_PER_HOUR
    assert LATE_H == 1.0
    assert total_read(times, counter, read_ms, MAX_KW) == Amount(200.0, 0.0, times[-1])
    counter[2] += MAX_KW
    assert total_read(times, counter, read_ms, MAX_KW) == Amount(0.0, 0.0, times[-1], 1)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=30))
def test_hours_are_missing_where_either_end_of_any_meter_is(known: list[tuple[bool, bool]]) -> None:
    counters = np.where(np.array(known), 1.0, np.nan)
    whole = [all(each) for each in known]
    told = sum(left and right for left, right in pairwise(whole))
    assert missing_hours(hours(len(known)), counters) == pytest.approx(len(known) - 1 - told)


def test_nothing_is_made_of_one_reading() -> None:
    assert total(hours(3), np.array([np.nan, 5.0, np.nan]), MAX_KW).kwh is None
    assert summed([]).kwh is None


@given(st.lists(st.floats(-200, 200), min_size=2, max_size=20))
def test_in_less_out_is_the_trapezoid(power: list[float]) -> None:
    values = np.array(power)
    into, out = integral(hours(len(power)), values[:, None])
    assert into[0] >= 0
    assert out[0] >= 0
    assert into[0] - out[0] == pytest.approx(np.trapezoid(values), abs=1e-6)


def test_a_missing_power_reading_leaves_its_span_out() -> None:
    into, _ = integral(hours(4), np.array([[10.0], [10.0], [np.nan], [10.0]]))
    assert into[0] == 10.0


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.sampled_from([SHANGHAI, BERLIN]))
def test_days_follow_each_other_without_a_hole(day: date, zone: ZoneInfo) -> None:
    begin, end = day_bounds(day, zone)
    assert day_of(begin, zone) == day == day_of(end - 1, zone)
    assert day_of(end, zone) > day
    for step in ("15min", "hour", "day"):
        edges = bounds(begin, end, step, zone)
        assert (edges[0], edges[-1]) == (begin, end)
        assert (np.diff(edges) > 0).all()
        assert len(edges) - 1 <= bucket_count(begin, end, step)


def test_the_day_of_summer_time_has_23_hours() -> None:
    begin, end = day_bounds(date(2026, 3, 29), BERLIN)
    assert end - begin == 23 * MS_PER_HOUR


def circuit(key: str, parent: str | None = None, role: Role = Role.LOAD, plug_kw: float = 0.0) -> Circuit:
    return Circuit(key, f"meter-{key}", Label(key, key), parent, role, ("a", "b", "c"), plug_kw=plug_kw)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 12)), max_size=20))
def test_any_parents_make_a_tree(pairs: list[tuple[int, int]]) -> None:
    """Circles and unknown parents too: each circuit is below exactly one intake."""
    tree = CircuitTree(circuit(str(child), str(parent)) for child, parent in pairs)
    below = [each for root in tree.roots for each in tree.below(root)]
    assert sorted(below) == sorted(tree.circuits)


def test_the_rest_is_what_no_meter_below_saw() -> None:
    tree = CircuitTree([circuit("main"), circuit("a", "main"), circuit("b", "main")])
    assert tree.rest("main", {"main": 10.0, "a": 4.0, "b": 5.0}) == pytest.approx(1.0)
    assert tree.rest("main", {"main": 10.0, "a": 4.0, "b": None}) is None
    assert tree.rest("a", {"main": 10.0, "a": 4.0, "b": 5.0}) is None
    fed = CircuitTree([circuit("main"), circuit("a", "main"), circuit("pv", "main", Role.GENERATION)])
    assert fed.rest("main", {"main": 1.0, "a": 4.0, "pv": 3.0}) is None
    assert (tree.leaves, fed.leaves) == (["a", "b"], ["a"])


@given(st.lists(rated_kw, min_size=3, max_size=3), rated_kw)
def test_shares_add_up_to_one(rated: list[float], plug_kw: float) -> None:
    weights = dict(zip("abc", rated, strict=True))
    groups = {"a": "L1", "b": "L1", "c": "L2"}
    found = shares(circuit("x", plug_kw=plug_kw), weights.__getitem__, groups.__getitem__, "L9")
    assert sum(found.values()) == pytest.approx(1.0)
    assert all(share > 0 for share in found.values())
    if sum(rated) + plug_kw == 0:
        assert found == {"L9": 1.0}


def test_bounds_never_leave_what_was_asked_for() -> None:
    edges = bounds(100.0, 100.0 + 2.5 * MS_PER_HOUR, "hour", SHANGHAI)
    assert [int(right - left) for left, right in pairwise(edges)] == [3_600_000, 3_600_000, 1_800_000]
