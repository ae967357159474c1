"""Which segment tells of which time, against a naive look at every moment."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from twin.video.names import Segment
from twin.video.timeline import Piece, Span, gap_at, pieces, spans

LONGEST = 60


@st.composite
def libraries(draw: st.DrawFn) -> list[tuple[Segment, float]]:
    """Segments of a few takes, each in order within its own, at whole times."""
    found = []
    for take in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, 20))
        for _ in range(draw(st.integers(0, 5))):
            at += draw(st.integers(0, 6))
            length = draw(st.integers(1, 9))
            found.append((Segment(at, take, at + length), float(at + length)))
            at += length
    return draw(st.permutations(found))


def naive(library: list[tuple[Segment, float]], at: float) -> Segment | None:
    holding = [each for each, end in library if each.begin_ms <= at < end]
    return max(holding, key=lambda each: (each.take, each.begin_ms), default=None)


@given(library=libraries(), begin=st.integers(0, LONGEST), length=st.integers(0, LONGEST))
def test_every_moment_is_told_by_the_segment_that_holds(
    library: list[tuple[Segment, float]], begin: int, length: int
) -> None:
    found = pieces(library, begin, begin + length)
    for step in range(2 * length):
        at = begin + step / 2
        telling = [each.segment for each in found if each.from_ms <= at < each.to_ms]
        expected = naive(library, at)
        assert telling == ([] if expected is None else [expected])
    assert all(each.from_ms < each.to_ms for each in found)
    assert found == sorted(found, key=lambda each: each.from_ms)


@given(library=libraries(), joint=st.integers(1, 5))
def test_spans_cover_the_pieces_and_no_more_than_joints_between(
    library: list[tuple[Segment, float]], joint: int
) -> None:
    found = pieces(library, 0, 200)
    merged = spans(found, joint)
    for at in range(200):
        told = naive(library, at) is not None
        inside = any(each.from_ms <= at < each.to_ms for each in merged)
        assert inside or not told
    for before, after in pairwise(merged):
        assert after.from_ms - before.to_ms >= joint
    assert sum(each.to_ms - each.from_ms for each in merged) <= sum(
        each.to_ms - each.from_ms for each in found
    ) + joint * max(len(found) - 1, 0)


def test_a_gap_is_told_by_what_is_around_it() -> None:
    covered = [Span(10, 20), Span(30, 40)]
    assert gap_at(covered, 25) == (20, 30)
    assert gap_at(covered, 5) == (None, 10)
    assert gap_at(covered, 40) == (40, None)
    assert gap_at([], 5) == (None, None)


def test_a_later_take_lies_over_an_earlier_one() -> None:
    old, new = Segment(0, 0, 100), Segment(40, 1, 60)
    assert pieces([(new, 60.0), (old, 100.0)], 0, 100) == [
        Piece(0, 40, old),
        Piece(40, 60, new),
        Piece(60, 100, old),
    ]
