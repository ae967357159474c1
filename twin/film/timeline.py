"""Which segment tells of which time, and of which time none does. Pure.

Segments follow each other, unless the clock was set back: then two of them tell of the same time, and the one
that was recorded later counts.
"""

import math
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """What a segment tells of: from `from_ms` to before `to_ms`, ms since 1970 UTC."""

    from_ms: float
    to_ms: float
    segment: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A time of which nothing was recorded; `to_ms` None: until now."""

    from_ms: float
    to_ms: float | None


def just_after(time_ms: float) -> float:
    """The next time that a float64 can hold, so that a piece to there has `time_ms` in it."""
    return math.nextafter(time_ms, math.inf)


class Timeline:
    """Pieces in time order, none over another."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._ends: list[float] = []

    def __len__(self) -> int:
        return len(self._pieces)

    def add(self, segment: int, from_ms: float, to_ms: float) -> None:
        """Note what a segment tells of; it covers all that were added before."""
        if not from_ms < to_ms:
            return
        new = [Piece(from_ms, to_ms, segment)]
        first = bisect_right(self._ends, from_ms)
        last = first
        while last < len(self._pieces) and self._pieces[last].from_ms < to_ms:
            last += 1
        hidden = self._pieces[first:last]
        if hidden and hidden[0].from_ms < from_ms and hidden[0].segment != segment:
            new.insert(0, Piece(hidden[0].from_ms, from_ms, hidden[0].segment))
        if hidden and hidden[-1].to_ms > to_ms and hidden[-1].segment != segment:
            new.append(Piece(to_ms, hidden[-1].to_ms, hidden[-1].segment))
        self._pieces[first:last] = new
        self._ends[first:last] = [piece.to_ms for piece in new]

    def remove(self, segments: Collection[int]) -> None:
        """Forget segments."""
        gone = set(segments)
        if gone:
            self._pieces = [piece for piece in self._pieces if piece.segment not in gone]
            self._ends = [piece.to_ms for piece in self._pieces]

    @property
    def span(self) -> tuple[float, float] | None:
        """From when to when anything was recorded, gaps or none."""
        return (self._pieces[0].from_ms, self._ends[-1]) if self._pieces else None

    def at(self, time_ms: float) -> tuple[Piece, Gap | None] | None:
        """The piece of a time; in a gap the one before it, and the gap. None: before all."""
        after = bisect_right(self._ends, time_ms)
        if after < len(self._pieces) and self._pieces[after].from_ms <= time_ms:
            return self._pieces[after], None
        if after == 0:
            return None
        until = self._pieces[after].from_ms if after < len(self._pieces) else None
        return self._pieces[after - 1], Gap(self._ends[after - 1], until)

    def pieces(self, from_ms: float, to_ms: float) -> list[Piece]:
        """What tells of a time, cut to it, in order."""
        found = []
        for piece in self._pieces[bisect_right(self._ends, from_ms) :]:
            if piece.from_ms >= to_ms:
                break
            found.append(Piece(max(piece.from_ms, from_ms), min(piece.to_ms, to_ms), piece.segment))
        return found

    def gaps(self, from_ms: float, to_ms: float) -> Iterator[Gap]:
        """The gaps within a time; those before the first piece and after the last are none."""
        before: float | None = None
        for piece in self._pieces[max(bisect_right(self._ends, from_ms) - 1, 0) :]:
            if before is not None and piece.from_ms > before and piece.from_ms > from_ms:
                yield Gap(before, piece.from_ms)
            before = piece.to_ms
            if before >= to_ms:
                return
