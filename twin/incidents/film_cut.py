"""A stretch of film that stands alone: every sample of its time, and the whole state at its joints. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.wire import Qualities, Values
from twin.film.described import PastPoint
from twin.film.segment import Rows, State, Track
from twin.film.timeline import Gap

Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """The whole state where a stretch begins, as the film gave it: columns of the points that were known.

    `row` (k,) int32 is the place in `FilmCut.points`; `time_ms` (k,) of the sample that is told.
    """

    at_ms: float
    row: Numbers
    time_ms: Values
    value: Values
    quality: Qualities


@dataclass(frozen=True, eq=False)
class FilmCut:
    """From `from_ms` up to and with `to_ms`, ms since 1970 UTC.

    `points`: first the `registered` ones of today, by point_index, then those that are no more. `joints` in
    order, the first at `from_ms`. The samples are (n,) columns by time: `row` int32 into `points`, `time_ms`,
    `value` float64, `quality` uint8; those of a joint's own moment are in the joint. `gaps`: of which nothing
    was recorded.
    """

    from_ms: float
    to_ms: float
    registry: str
    points: tuple[PastPoint, ...]
    registered: int
    joints: tuple[Joint, ...]
    row: Numbers
    time_ms: Values
    value: Values
    quality: Qualities
    gaps: tuple[Gap, ...]

    def __len__(self) -> int:
        """How many samples it holds."""
        return len(self.row)

    def state_at(self, time_ms: float) -> State:
        """What every point read at a moment from `from_ms` on: (len(points),) columns."""
        place = int(np.searchsorted(self._joint_ms, time_ms, side="right")) - 1
        joint = self.joints[max(place, 0)]
        state = State.unknown(len(self.points))
        state.value[joint.row] = joint.value
        state.quality[joint.row] = joint.quality
        state.time_ms[joint.row] = joint.time_ms
        first, end = np.searchsorted(self.time_ms, (joint.at_ms, time_ms), side="right")
        part = slice(int(first), int(end))
        # Of several samples of a point numpy keeps the last, and they are in order of time.
        state.value[self.row[part]] = self.value[part]
        state.quality[self.row[part]] = self.quality[part]
        state.time_ms[self.row[part]] = self.time_ms[part]
        return state

    def track(self, row: int) -> Track:
        """Every sample of a point within, what the first joint knows of it at the front."""
        first = self.joints[0]
        known = first.row == row
        mine = self._by_row[slice(*np.searchsorted(self._sorted_rows, (row, row + 1)))]
        return Track.joined(
            [
                Track(first.time_ms[known], first.value[known], first.quality[known]),
                Track(self.time_ms[mine], self.value[mine], self.quality[mine]),
            ]
        )

    def gap_at(self, time_ms: float) -> Gap | None:
        """The gap in which a moment lies."""
        return next((gap for gap in self.gaps if gap.from_ms <= time_ms < _end(gap, self.to_ms)), None)

    @cached_property
    def _joint_ms(self) -> Values:
        return np.array([joint.at_ms for joint in self.joints])

    @cached_property
    def _by_row(self) -> Rows:
        """The samples' places by point, then by time."""
        return np.argsort(self.row, kind="stable").astype(np.int64)

    @cached_property
    def _sorted_rows(self) -> Numbers:
        return self.row[self._by_row]


def _end(gap: Gap, to_ms: float) -> float:
    return to_ms if gap.to_ms is None else gap.to_ms


def in_order(
    parts: Sequence[tuple[Numbers, Values, Values, Qualities]],
) -> tuple[Numbers, Values, Values, Qualities]:
    """Parts of samples (row, time, value, quality) as columns by time; of one point and time as they were."""
    row = np.concatenate([np.empty(0, dtype=np.int32), *(part[0] for part in parts)])
    time_ms = np.concatenate([np.empty(0), *(part[1] for part in parts)])
    value = np.concatenate([np.empty(0), *(part[2] for part in parts)])
    quality = np.concatenate([np.empty(0, dtype=np.uint8), *(part[3] for part in parts)])
    order = np.argsort(time_ms, kind="stable")
    return row[order], time_ms[order], value[order], quality[order]
