"""When alarms are raised and when they return: rules over samples, as columns. No I/O, no clock.

Each row of the table has two flags. `holds` is the condition itself: it begins beyond the limit and ends
only `hysteresis` inside it, so that a value on the edge does not make it flicker. `raised` follows `holds`
after `delay_ms` or `off_delay_ms` of it staying so.

A value of quality stale or bad says nothing: the flag of a limit or of a state stays as it was, while its
delay goes on. A sensor that reported smoke and then fell silent has reported smoke.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.wire import Indices, Qualities, Quality, Values
from twin.alarms.model import Check
from twin.alarms.table import CHECKS, MOST_STATES, RuleTable

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

ABOVE, BELOW, STATE, QUALITY = (CHECKS.index(each) for each in Check)


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """What was raised and what returned, as columns of one length.

    `row` intp, ascending, each at most once; `raised` bool, false: returned; `since_ms` float64, since when
    the condition has been so; `value` float64, the newest trusted one, and `sampled_ms` float64, the time of
    its sample; NaN: none.
    """

    row: Rows
    raised: Mask
    since_ms: Floats
    value: Values
    sampled_ms: Floats

    def __len__(self) -> int:
        return len(self.row)


class Engine:
    """The flags of every row of a table; the same samples and times give the same changes.

    `time_ms` of calls should not go back; if it does, delays begin anew from there.
    """

    def __init__(self, table: RuleTable, raised: Iterable[int] = ()) -> None:
        """Begin with nothing known but the rows whose alarms are active from before."""
        k = len(table)
        self._table = table
        self._raised = np.zeros(k, dtype=np.bool_)
        self._raised[np.fromiter(raised, dtype=np.intp)] = True
        self._holds = self._raised.copy()
        self._since_ms = np.full(k, -np.inf)
        self._value = np.full(table.n_points, np.nan)
        self._sampled_ms = np.full(table.n_points, np.nan)

    @property
    def raised(self) -> Mask:
        """(k,) bool, a copy: rows whose alarm is active."""
        return self._raised.copy()

    @property
    def settled(self) -> Mask:
        """(k,) bool: rows whose condition waits for no delay."""
        settled: Mask = self._holds == self._raised
        return settled

    def standing(self, row: Rows) -> Changes:
        """Rows as they stand, as if they had changed to it just now; `row` (m,) ascending."""
        point = self._table.point[row]
        return Changes(
            row,
            self._raised[row].copy(),
            self._since_ms[row].copy(),
            self._value[point],
            self._sampled_ms[point],
        )

    def feed(
        self,
        point_index: Indices,
        value: Values,
        quality: Qualities,
        time_ms: float,
        sampled_ms: Floats | None = None,
    ) -> Changes:
        """Take m samples, each point at most once, and give what changes at `time_ms`.

        `point_index` (m,), `value` (m,) in the points' units, `quality` (m,) of `Quality`; `time_ms` ms since
        1970 UTC; `sampled_ms` (m,) the samples' own times, where these are not `time_ms`.
        """
        index = np.asarray(point_index, dtype=np.intp)
        trusted = ((quality == Quality.GOOD) | (quality == Quality.SIMULATED)) & np.isfinite(value)
        self._value[index[trusted]] = value[trusted]
        self._sampled_ms[index[trusted]] = time_ms if sampled_ms is None else sampled_ms[trusted]
        row, sample = self._rows_of(index)
        if len(row):
            self._judge(row, value[sample], quality[sample], trusted[sample], time_ms)
        return self.tick(time_ms)

    def tick(self, time_ms: float) -> Changes:
        """What changes because time has passed."""
        np.minimum(self._since_ms, time_ms, out=self._since_ms)
        row = np.flatnonzero(self._holds != self._raised)
        delay_ms = np.where(self._holds[row], self._table.delay_ms[row], self._table.off_delay_ms[row])
        row = row[time_ms - self._since_ms[row] >= delay_ms]
        self._raised[row] = self._holds[row]
        return self.standing(row)

    def _rows_of(self, index: Rows) -> tuple[Rows, Rows]:
        """The table's rows of some points, and for each the position of its point in `index`."""
        first, end = self._table.first_row[index], self._table.first_row[index + 1]
        count = end - first
        sample = np.repeat(np.arange(len(index)), count)
        offset = np.arange(len(sample)) - np.repeat(np.cumsum(count) - count, count)
        return first[sample] + offset, sample

    def _judge(self, row: Rows, value: Values, quality: Qualities, trusted: Mask, time_ms: float) -> None:
        before = self._holds[row]
        now = np.where(trusted, self._by_value(row, value, before), before)
        by_quality = self._table.check[row] == QUALITY
        now = np.where(by_quality, _has_bit(self._table.bits[row], quality), now)
        self._holds[row] = now
        self._since_ms[row[now != before]] = time_ms

    def _by_value(self, row: Rows, value: Values, before: Mask) -> Mask:
        """Whether the conditions on values hold, given whether they held before."""
        table = self._table
        check, limit, inside = table.check[row], table.limit[row], table.hysteresis[row]
        above = np.where(before, value > limit - inside, value > limit)
        below = np.where(before, value < limit + inside, value < limit)
        is_state = np.isfinite(value) & (value == np.floor(value)) & (value >= 0) & (value < MOST_STATES)
        position = np.where(is_state, value, 0).astype(np.uint8)
        state = is_state & _has_bit(table.bits[row], position)
        held: Mask = np.select(
            [check == ABOVE, check == BELOW, check == STATE], [above, below, state], before
        )
        return held


def _has_bit(bits: NDArray[np.uint64], position: NDArray[np.uint8]) -> Mask:
    has: Mask = (bits >> position.astype(np.uint64)) & np.uint64(1) == np.uint64(1)
    return has
