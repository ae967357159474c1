"""The engine against a reference that looks at one point at a time."""

import math
from dataclasses import dataclass, field

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.points import Device, DeviceType, Label, PointType, Registry, State
from telemetry_bridge.wire import Quality
from twin.alarms.engine import Changes, Engine
from twin.alarms.model import Check, Condition, Match, Place, Priority, Rule
from twin.alarms.table import RuleTable, make_table

STATES = tuple(State(key, key, key) for key in ("off", "on", "fault"))
SWITCHED = PointType("status", "Status", states=STATES)
MEASURED = PointType("t", "Temperature", "degC")
TRUSTED = (Quality.GOOD, Quality.SIMULATED)


def rule(number: int, condition: Condition, point_class: str) -> Rule:
    match = Match(point_class=(point_class,))
    return Rule(f"rule-{number}", Label("规", "r"), Priority.HIGH, match, condition, Label("警", "m"))


def table_of(rules: list[Rule], devices: int = 3) -> RuleTable:
    kind = DeviceType("thing", points=(SWITCHED, MEASURED))
    registry = Registry([kind], [Device(f"D{i:05d}", "thing") for i in range(devices)])
    table, faults, _ = make_table(rules, registry, lambda _: Place())
    assert faults == []
    return table


@dataclass
class Reference:
    """One rule over one point, written as one would say it."""

    condition: Condition
    states: tuple[str, ...]
    raised: bool = False
    holds: bool = False
    since_ms: float = -math.inf
    value: float = math.nan
    changes: list[tuple[bool, float]] = field(default_factory=list)

    def feed(self, value: float, quality: Quality, time_ms: float) -> None:
        trusted = quality in TRUSTED and math.isfinite(value)
        if trusted:
            self.value = value
        holds = self._judged(value, quality, trusted)
        if holds != self.holds:
            self.holds, self.since_ms = holds, time_ms

    def _judged(self, value: float, quality: Quality, trusted: bool) -> bool:
        when = self.condition
        if when.check is Check.QUALITY:
            return quality in when.qualities
        if not trusted:
            return self.holds
        if when.check is Check.STATE:
            return value in [float(self.states.index(key)) for key in when.states]
        if when.check is Check.ABOVE:
            return value > (when.limit - when.hysteresis if self.holds else when.limit)
        return value < (when.limit + when.hysteresis if self.holds else when.limit)

    def tick(self, time_ms: float) -> tuple[bool, float, float] | None:
        delay_s = self.condition.delay_s if self.holds else self.condition.off_delay_s
        if self.holds == self.raised or time_ms - self.since_ms < delay_s * 1000.0:
            return None
        self.raised = self.holds
        return self.raised, self.since_ms, self.value


def references_of(table: RuleTable) -> list[Reference]:
    return [
        Reference(row.rule.condition, tuple(state.key for state in row.point.states)) for row in table.rows
    ]


delays = st.sampled_from([0.0, 1.0, 3.0])
limits = st.sampled_from([-1.0, 0.0, 2.0])
thresholds = st.builds(
    Condition,
    check=st.sampled_from([Check.ABOVE, Check.BELOW]),
    limit=limits,
    hysteresis=st.sampled_from([0.0, 1.0]),
    delay_s=delays,
    off_delay_s=delays,
)
states = st.builds(
    Condition,
    check=st.just(Check.STATE),
    states=st.lists(st.sampled_from(["off", "on", "fault"]), min_size=1, max_size=2, unique=True).map(tuple),
    delay_s=delays,
    off_delay_s=delays,
)
qualities = st.builds(
    Condition,
    check=st.just(Check.QUALITY),
    qualities=st.lists(st.sampled_from([Quality.STALE, Quality.BAD]), min_size=1, unique=True).map(tuple),
    delay_s=delays,
    off_delay_s=delays,
)
conditions = st.one_of(
    st.tuples(thresholds, st.just("Temperature")),
    st.tuples(states, st.just("Status")),
    st.tuples(qualities, st.sampled_from(["Temperature", "Status"])),
)
values = st.sampled_from([-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, math.nan, math.inf, 70.0, 1e300])
samples = st.dictionaries(
    st.integers(0, 5), st.tuples(values, st.sampled_from(list(Quality))), max_size=6
).map(lambda found: dict(sorted(found.items())))


@dataclass(frozen=True)
class Step:
    """What comes in at a time; `restart`: the engine is made anew before."""

    after_ms: float
    samples: dict[int, tuple[float, Quality]]
    restart: bool


steps = st.lists(
    st.builds(
        Step,
        after_ms=st.sampled_from([0.0, 200.0, 1000.0, 2000.0, 5000.0]),
        samples=samples,
        restart=st.sampled_from([False, False, False, True]),
    ),
    max_size=25,
)


def fed(engine: Engine, found: dict[int, tuple[float, Quality]], time_ms: float) -> Changes:
    index = np.array(list(found), dtype=np.uint32)
    value = np.array([each[0] for each in found.values()], dtype=np.float64)
    quality = np.array([each[1] for each in found.values()], dtype=np.uint8)
    return engine.feed(index, value, quality, time_ms)


def listed(changes: Changes) -> list[tuple[int, bool, float, float]]:
    columns = (changes.row, changes.raised, changes.since_ms, changes.value)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def same(left: list[tuple[int, bool, float, float]], right: list[tuple[int, bool, float, float]]) -> bool:
    return len(left) == len(right) and all(
        np.array_equal(a, b, equal_nan=True) for a, b in zip(left, right, strict=True)
    )


def restarted(references: list[Reference]) -> list[Reference]:
    return [Reference(each.condition, each.states, each.raised, each.raised) for each in references]


@given(st.lists(conditions, min_size=1, max_size=5), steps)
def test_the_engine_is_the_reference(wanted: list[tuple[Condition, str]], course: list[Step]) -> None:
    table = table_of([rule(i, condition, name) for i, (condition, name) in enumerate(wanted)])
    engine, references, time_ms = Engine(table), references_of(table), 1e12
    for step in course:
        time_ms += step.after_ms
        if step.restart:
            engine = Engine(table, np.flatnonzero(engine.raised).tolist())
            references = restarted(references)
        got = listed(fed(engine, step.samples, time_ms))
        for row, reference in zip(table.rows, references, strict=True):
            if row.point.point_index in step.samples:
                reference.feed(*step.samples[row.point.point_index], time_ms)
        expected = [
            (number, *found)
            for number, reference in enumerate(references)
            if (found := reference.tick(time_ms)) is not None
        ]
        assert same(got, expected)


@given(st.lists(st.floats(29.0001, 29.9999), max_size=60), st.booleans())
def test_inside_the_hysteresis_nothing_chatters(values_inside: list[float], raised: bool) -> None:
    table = table_of([rule(0, Condition(Check.ABOVE, 30.0, 1.0), "Temperature")], devices=1)
    engine = Engine(table, [0] if raised else [])
    point = int(table.point[0])
    for number, value in enumerate(values_inside):
        assert len(fed(engine, {point: (value, Quality.GOOD)}, number * 200.0)) == 0


@given(st.lists(st.tuples(st.sampled_from([0.0, 40.0]), st.floats(0, 4000)), max_size=40))
def test_what_does_not_last_is_never_raised(course: list[tuple[float, float]]) -> None:
    """Never two of the same in a row, and never one before its delay is over."""
    table = table_of([rule(0, Condition(Check.ABOVE, 30.0, 1.0, delay_s=3, off_delay_s=2), "Temperature")], 1)
    engine, point, time_ms, raised = Engine(table), int(table.point[0]), 0.0, False
    for value, after_ms in course:
        time_ms += after_ms
        for _, now_raised, since_ms, _ in listed(fed(engine, {point: (value, Quality.GOOD)}, time_ms)):
            assert now_raised is not raised
            assert time_ms - since_ms >= (3000 if now_raised else 2000)
            raised = now_raised


def test_a_condition_that_is_still_true_after_a_restart_is_not_raised_twice() -> None:
    table = table_of([rule(0, Condition(Check.ABOVE, 30.0, 1.0), "Temperature")], devices=1)
    point = int(table.point[0])
    assert listed(fed(Engine(table), {point: (31.0, Quality.GOOD)}, 0.0))[0][1] is True
    again = Engine(table, [0])
    assert len(fed(again, {point: (31.0, Quality.GOOD)}, 10.0)) == 0
    assert listed(fed(again, {point: (20.0, Quality.GOOD)}, 20.0)) == [(0, False, 20.0, 20.0)]


def test_a_sensor_that_reported_and_fell_silent_has_reported() -> None:
    table = table_of([rule(0, Condition(Check.STATE, states=("fault",), delay_s=5), "Status")], devices=1)
    engine, point = Engine(table), int(table.point[0])
    fed(engine, {point: (2.0, Quality.GOOD)}, 0.0)
    fed(engine, {point: (2.0, Quality.STALE)}, 3000.0)
    assert listed(engine.tick(5000.0)) == [(0, True, 0.0, 2.0)]


def test_a_clock_set_back_begins_the_delay_anew() -> None:
    table = table_of([rule(0, Condition(Check.ABOVE, 30.0, delay_s=5), "Temperature")], devices=1)
    engine, point = Engine(table), int(table.point[0])
    fed(engine, {point: (31.0, Quality.GOOD)}, 100_000.0)
    assert len(engine.tick(50_000.0)) == 0
    assert len(engine.tick(54_999.0)) == 0
    assert listed(engine.tick(55_000.0)) == [(0, True, 50_000.0, 31.0)]


def test_a_flood_of_points_changes_all_of_them_in_one_step() -> None:
    table = table_of([rule(0, Condition(Check.QUALITY, qualities=(Quality.BAD,)), "Status")], devices=20_000)
    engine = Engine(table)
    index = table.point.astype(np.uint32)
    value, bad = np.zeros(len(index)), np.full(len(index), Quality.BAD, dtype=np.uint8)
    changes = engine.feed(index, value, bad, 0.0)
    assert len(changes) == 20_000
    assert changes.raised.all()
    assert len(engine.feed(index, value, bad, 1.0)) == 0


def test_without_rules_nothing_happens() -> None:
    engine = Engine(table_of([]))
    assert len(fed(engine, {0: (1.0, Quality.GOOD)}, 0.0)) == 0
