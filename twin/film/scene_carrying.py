"""Which scenes an export takes along, and which of them a film lacks. Pure.

Scenes are carried as they count: none over another, each with an end. Film of a time for which no scene was
noted has the one before it, as wherever it is shown; that is carried as what it is then.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from twin.film.scene_book import SceneBook
from twin.film.scenes import Scene
from twin.film.timeline import Piece


@dataclass(frozen=True, slots=True)
class Stay:
    """What was in force from `from_ms` to before `until_ms`, ms since 1970 UTC; as a `Scene` says it."""

    from_ms: float
    until_ms: float
    revision: str
    bindings: str

    def goes_on_as(self, other: "Stay") -> bool:
        """Whether another one is of the same, and begins where this one ends."""
        same = (self.revision, self.bindings) == (other.revision, other.bindings)
        return same and self.until_ms == other.from_ms


def book_of(scenes: Sequence[Scene], film_ends_ms: Sequence[float]) -> SceneBook:
    """Scenes of the database by number, as the server that records next will know them: none is open."""
    book = SceneBook()
    book.learn(scenes, film_ends_ms)
    return book


def stays(
    book: SceneBook, film: Sequence[Piece], from_ms: float = -math.inf, to_ms: float = math.inf
) -> list[Stay]:
    """What is known to have been in force in a span, in order, none over another; `film`: all that there is
    film of. The first and the last one are whole, also what lies outside of the span.
    """
    spans = book.spans()
    found = [_stay(begin, end, scene) for begin, end, scene in spans if scene.is_known]
    noted = [(begin, end) for begin, end, _ in spans]
    for begin, end in _lacking([(piece.from_ms, piece.to_ms) for piece in film], noted):
        before = book.at(begin)
        if before is not None:
            found.append(_stay(begin, end, before))
    joined = _joined(sorted(found, key=_begin))
    return [each for each in joined if each.from_ms < to_ms and each.until_ms > from_ms]


def _stay(from_ms: float, until_ms: float, scene: Scene) -> Stay:
    return Stay(from_ms, until_ms, scene.revision, scene.bindings)


def _begin(stay: Stay) -> float:
    return stay.from_ms


def _joined(found: Sequence[Stay]) -> list[Stay]:
    joined: list[Stay] = []
    for each in found:
        if joined and joined[-1].goes_on_as(each):
            joined[-1] = replace(joined[-1], until_ms=each.until_ms)
        else:
            joined.append(each)
    return joined


def _lacking(
    spans: Sequence[tuple[float, float]], known: Sequence[tuple[float, float]]
) -> Iterator[tuple[float, float]]:
    """The parts of spans that are in no known one; both in order, none over another."""
    first = 0
    for from_ms, to_ms in spans:
        while first < len(known) and known[first][1] <= from_ms:
            first += 1
        at_ms, row = from_ms, first
        while row < len(known) and known[row][0] < to_ms:
            if known[row][0] > at_ms:
                yield at_ms, known[row][0]
            at_ms, row = max(at_ms, known[row][1]), row + 1
        if at_ms < to_ms:
            yield at_ms, to_ms


def lacking(own: Sequence[Stay], given: Sequence[Stay]) -> list[Stay]:
    """The parts of what is given of whose times nothing is known, in order."""
    known = [(each.from_ms, each.until_ms) for each in own]
    return [
        replace(each, from_ms=begin, until_ms=end)
        for each in given
        for begin, end in _lacking([(each.from_ms, each.until_ms)], known)
    ]


def taken_in(book: SceneBook, new: Sequence[Stay]) -> list[Scene]:
    """The scenes that are new or change when a film takes parts in, by number; none: nothing is new.

    What is in force no longer is: film of a later time may come. What goes on from a scene makes it longer.
    """
    if not new:
        return []
    changed = dict(book.unwritten)
    number = 0 if book.last is None else book.last.number
    for each in new:
        before = _to_go_on(book, each)
        if before is not None:
            changed[before.number] = replace(before, until_ms=each.until_ms)
            continue
        number += 1
        changed[number] = Scene(number, each.from_ms, each.until_ms, each.revision, each.bindings)
    return [changed[key] for key in sorted(changed)]


def _to_go_on(book: SceneBook, new: Stay) -> Scene | None:
    """The scene that can be made longer. What was given up was recorded later, and would cover it."""
    spans = book.spans()
    if any(begin < new.until_ms and end > new.from_ms for begin, end, _ in spans):
        return None
    touching = [scene for _, end, scene in spans if end == scene.until_ms == new.from_ms]
    return next((scene for scene in touching if scene.shows(new.revision, new.bindings)), None)
