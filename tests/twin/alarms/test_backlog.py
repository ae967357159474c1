"""The backlog: bounded, urgent first, and no alarm that was raised is left out."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.points import Label
from tests.twin.alarms.test_engine import table_of
from twin.alarms.backlog import Backlog, Pending
from twin.alarms.engine import Changes
from twin.alarms.model import Check, Condition, Match, Priority, Rule
from twin.alarms.table import RuleTable

ROWS = 4


def table() -> RuleTable:
    def rule(number: int) -> Rule:
        condition, match = Condition(Check.ABOVE, 1.0), Match(point_class=("Temperature",))
        return Rule(f"r{number}", Label(), Priority(number % 4), match, condition, Label())

    return table_of([rule(number) for number in range(ROWS)], devices=1)


def one(row: int, raised: bool, time_ms: float) -> Changes:
    nothing = np.array([math.nan])
    return Changes(np.array([row]), np.array([raised]), np.array([time_ms]), nothing, nothing)


def parts(pending: Pending) -> list[bool]:
    return [True] * (pending.raised is not None) + [False] * (pending.returned is not None)


#: Flip a row, write some, or write some and fail.
moves = st.lists(
    st.one_of(
        st.tuples(st.just("flip"), st.integers(0, ROWS - 1)),
        st.tuples(st.just("write"), st.integers(0, 3)),
        st.tuples(st.just("fail"), st.integers(0, 3)),
    ),
    max_size=60,
)


@given(moves)
def test_what_is_written_alternates_and_ends_where_the_engine_is(course: list[tuple[str, int]]) -> None:
    backlog = Backlog(table())
    truth, written = [False] * ROWS, [False] * ROWS
    ever_raised, ever_written = [False] * ROWS, [False] * ROWS

    def write(taken: tuple[Pending, ...]) -> None:
        for pending in taken:
            for raised in parts(pending):
                assert written[pending.row] is not raised
                written[pending.row] = raised
                ever_written[pending.row] |= raised

    for time_ms, (move, number) in enumerate(course):
        if move == "flip":
            truth[number] = not truth[number]
            ever_raised[number] |= truth[number]
            backlog.add(one(number, truth[number], float(time_ms)))
        else:
            taken = backlog.take(number)
            assert len(taken) <= number
            if move == "write":
                write(taken)
            else:
                backlog.put_back(taken)
        assert len(backlog) <= ROWS
    write(backlog.take(ROWS))
    assert len(backlog) == 0
    assert written == truth
    assert ever_written == ever_raised


@given(moves)
def test_changes_that_come_while_a_part_is_written_are_kept(course: list[tuple[str, int]]) -> None:
    """A part is taken, more happens, and the part fails: nothing is lost and the order holds."""
    backlog, truth = Backlog(table()), [False] * ROWS
    taken: tuple[Pending, ...] = ()
    for time_ms, (move, number) in enumerate(course):
        if move == "flip":
            truth[number] = not truth[number]
            backlog.add(one(number, truth[number], float(time_ms)))
        else:
            backlog.put_back(taken)
            taken = backlog.take(number)
    backlog.put_back(taken)
    ends = {pending.row: parts(pending)[-1] for pending in backlog.take(ROWS)}
    assert ends.items() <= dict(enumerate(truth)).items()
    assert all(row in ends for row in range(ROWS) if truth[row])


def test_urgent_rows_come_first_and_equal_ones_in_order() -> None:
    backlog = Backlog(table())
    rows = [3, 2, 0, 1]
    for row in rows:
        backlog.add(one(row, True, 0.0))
    priorities = [pending.row for pending in backlog.take(10)]
    assert priorities == sorted(rows, key=lambda row: int(table().rows[row].rule.priority))


def test_memory_stays_bounded_while_rows_flicker() -> None:
    backlog = Backlog(table())
    for time_ms in range(1001):
        backlog.add(one(0, time_ms % 2 == 0, float(time_ms)))
    (pending,) = backlog.take(10)
    assert pending.raised is not None
    assert pending.raised.since_ms == 0.0
    assert pending.returned is None
