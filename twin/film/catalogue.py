"""What there is of the film, without its samples. No I/O."""

import math
from collections.abc import Collection, Iterator, Sequence

from twin.film.store import Entry
from twin.film.timeline import Gap, Piece, Timeline


class Catalogue:
    """Which segment tells of which time.

    `timeline` is what was recorded while it happened. `afterwards` is what came late of the gaps in between,
    of a time when no server ran: it makes them no less gaps, for nobody can say what else happened.
    """

    def __init__(self) -> None:
        self.timeline, self.afterwards = Timeline(), Timeline()
        self._entries: dict[int, Entry] = {}

    def add(self, entry: Entry) -> None:
        """Note a whole segment; one that is known already tells of no other time than before."""
        known = self._entries.get(entry.id)
        self._entries[entry.id] = entry
        if known is None or known.end_ms != entry.end_ms:
            to = self.afterwards if entry.afterwards else self.timeline
            to.add(entry.id, entry.start_ms, entry.end_ms)

    def note(self, entry: Entry) -> None:
        """Note the line of a segment of which it is known already what it tells of."""
        self._entries[entry.id] = entry

    def entry(self, segment: int) -> Entry | None:
        """A whole segment's line."""
        return self._entries.get(segment)

    def entries(self) -> list[Entry]:
        """All whole segments, by id."""
        return [self._entries[key] for key in sorted(self._entries)]

    @property
    def ends_ms(self) -> tuple[float, ...]:
        """When what was recorded ends, of whole segments in the order of their ids, ms since 1970 UTC."""
        return tuple(entry.end_ms for entry in self.entries() if not entry.afterwards)

    def remove(self, segments: Collection[int]) -> None:
        """Forget segments."""
        self.timeline.remove(segments)
        self.afterwards.remove(segments)
        for segment in segments:
            self._entries.pop(segment, None)

    def at(self, time_ms: float) -> tuple[Piece, Gap | None] | None:
        """What tells of a time, and the gap in which it lies; None: nothing does.

        In a gap it is the piece before, unless something of the gap was learned afterwards.
        """
        found = self.timeline.at(time_ms)
        if found is not None and found[1] is None:
            return found
        learned = self.afterwards.at(time_ms)
        if learned is not None and learned[1] is None:
            gap = found[1] if found is not None else None
            return learned[0], gap or Gap(learned[0].from_ms, learned[0].to_ms)
        return found

    def pieces(self, from_ms: float, to_ms: float) -> list[Piece]:
        """All that tells of a time, cut to it, in order, none over another."""
        found = self.timeline.pieces(from_ms, to_ms)
        learned = (_outside(piece, found) for piece in self.afterwards.pieces(from_ms, to_ms))
        found += [part for parts in learned for part in parts]
        return sorted(found, key=lambda piece: piece.from_ms)

    def uncovered(self, from_ms: float, to_ms: float) -> list[tuple[float, float]]:
        """The whole times, from and to, of which nothing is known and in which some of a span lies."""
        found, known_ms = [], -math.inf
        for piece in self.pieces(-math.inf, math.inf):
            if piece.from_ms > max(known_ms, from_ms) and known_ms <= to_ms:
                found.append((known_ms if math.isfinite(known_ms) else from_ms, piece.from_ms))
            known_ms = max(known_ms, piece.to_ms)
        return found

    def is_afterwards(self, segment: int) -> bool:
        """Whether a segment holds what was learned afterwards."""
        entry = self._entries.get(segment)
        return entry is not None and entry.afterwards

    def gap_start_ms(self, segment: int) -> float:
        """Since when nothing had been recorded where a segment holds what was learned afterwards, ms since
        1970 UTC: what was read before that is stale in it. -inf: it was recorded, or nothing was before it.

        More than one segment may tell of one gap: they make one time, and nothing turns stale between them.
        """
        entry = self._entries.get(segment)
        if entry is None or not entry.afterwards:
            return -math.inf
        before = self.timeline.at(entry.start_ms)
        if before is None:
            return -math.inf
        gap = before[1]
        return entry.start_ms if gap is None else gap.from_ms


def _outside(piece: Piece, others: Sequence[Piece]) -> Iterator[Piece]:
    """What of a piece lies in none of others, which are in order: a clock that was set back records there."""
    from_ms = piece.from_ms
    for other in others:
        if other.to_ms > from_ms and other.from_ms < piece.to_ms:
            if other.from_ms > from_ms:
                yield Piece(from_ms, other.from_ms, piece.segment)
            from_ms = other.to_ms
    if from_ms < piece.to_ms:
        yield Piece(from_ms, piece.to_ms, piece.segment)
