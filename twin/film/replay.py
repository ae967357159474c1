"""Playing the film: where a player stands, and what changed between two moments. Pure."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry_bridge.clock import MS_PER_S
from telemetry_bridge.selection import EVERYTHING, Selection
from telemetry_bridge.wire import Frame, Kind, encode_frame
from twin.film.segment import State


class Place(NamedTuple):
    """A place in the film and among its events: those up to it, by time and then by seq, have happened.

    `time_ms` since 1970 UTC. A player can stand between events of one millisecond, by `seq`; most often all
    of them have happened.
    """

    time_ms: float
    seq: float = math.inf


@dataclass(slots=True)
class Player:
    """Where it stands (None: nowhere yet), how fast it plays, and since when, in monotonic seconds."""

    place: Place | None = None
    speed: float = 1.0
    playing: bool = False
    since_s: float = 0.0

    def target(self, now_s: float) -> float:
        """Where it will be by now if it plays. ValueError: it stands nowhere."""
        if self.place is None:
            raise ValueError("nowhere yet")
        return self.place.time_ms + (now_s - self.since_s) * self.speed * MS_PER_S

    def stand(self, place: Place, now_s: float) -> None:
        """It has got so far now."""
        self.place, self.since_s = place, now_s


def snapshot(state: State, seq: int, time_ms: float) -> Frame:
    """The whole state as a frame of a replay."""
    return _frame(Kind.SNAPSHOT, state, np.flatnonzero(state.known), seq, time_ms)


def delta(before: State, after: State, seq: int, time_ms: float) -> Frame:
    """What differs between two states, to the bit.

    A point that was known before and is not any more has no value, and is bad.
    """
    differs = before.value.view(np.uint64) != after.value.view(np.uint64)
    differs |= (before.quality != after.quality) | (before.known != after.known)
    return _frame(Kind.DELTA, after, np.flatnonzero(differs), seq, time_ms)


def _frame(kind: Kind, state: State, rows: NDArray[np.intp], seq: int, time_ms: float) -> Frame:
    index = rows.astype(np.uint32)
    return Frame(kind, seq, time_ms, index, state.value[rows], state.quality[rows], replay=True)


@dataclass(slots=True, eq=False)
class Cut:
    """A moment that a player shows, and its frames: made once for all viewers that have and want the same.

    `jump_seq` is the last cut, up to this one, that was jumped to: who was shown none since takes a snapshot.
    """

    seq: int
    time_ms: float
    state: State
    jump_seq: int
    _made: dict[tuple[str, int], bytes] = field(default_factory=dict)
    _whole: dict[int, Frame] = field(default_factory=dict)

    def follows(self, shown: "Cut | None") -> bool:
        """Whether a delta does for who was shown that cut last."""
        return shown is not None and shown.seq >= self.jump_seq

    def message(self, shown: "Cut | None", selection: Selection = EVERYTHING) -> bytes:
        """The frame that brings a viewer here, of the points that it wants; `shown`: its last cut."""
        since = shown.seq if shown is not None and self.follows(shown) else -1
        key = selection.id, since
        if key not in self._made:
            self._made[key] = encode_frame(_some(self._frame(shown, since), selection))
        return self._made[key]

    def _frame(self, shown: "Cut | None", since: int) -> Frame:
        """As `message`, of all points."""
        if since not in self._whole:
            self._whole[since] = (
                snapshot(self.state, self.seq, self.time_ms)
                if shown is None or since < 0
                else delta(shown.state, self.state, self.seq, self.time_ms)
            )
        return self._whole[since]


def _some(frame: Frame, selection: Selection) -> Frame:
    """A frame of those of its points that are selected."""
    if selection is EVERYTHING:
        return frame
    rows = np.searchsorted(frame.point_index, selection.within(frame.point_index))
    columns = frame.point_index[rows], frame.value[rows], frame.quality[rows]
    return Frame(frame.kind, frame.seq, frame.time_ms, *columns, replay=True)
