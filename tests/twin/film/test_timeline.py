"""Of segments over each other the last one counts, and every gap is known."""

from hypothesis import given, settings
from hypothesis import strategies as st

from twin.film.timeline import Gap, Timeline

spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 10)), max_size=12)


def painted(added: list[tuple[int, int]]) -> list[int | None]:
    """The naive reference: one place a ms."""
    line: list[int | None] = [None] * 50
    for segment, (start, length) in enumerate(added):
        line[start : start + length] = [segment] * length
    return line


def timeline_of(added: list[tuple[int, int]]) -> Timeline:
    timeline = Timeline()
    for segment, (start, length) in enumerate(added):
        timeline.add(segment, start, start + length)
    return timeline


@settings(max_examples=300)
@given(spans, st.integers(0, 45), st.integers(1, 20))
def test_it_tells_what_a_painted_line_shows(added: list[tuple[int, int]], start: int, length: int) -> None:
    timeline, line = timeline_of(added), painted(added)
    for time in range(45):
        found = timeline.at(time)
        if line[time] is not None:
            assert found is not None
            assert (found[0].segment, found[1]) == (line[time], None)
        else:
            assert (found is None) == (not any(each is not None for each in line[:time]))
            assert found is None or found[1] is not None
    shown = [None] * 50
    for piece in timeline.pieces(start, start + length):
        shown[int(piece.from_ms) : int(piece.to_ms)] = [piece.segment] * int(piece.to_ms - piece.from_ms)  # type: ignore[list-item]
    assert shown[start : start + length] == line[start : start + length]
    assert all(each is None for each in shown[:start] + shown[start + length :])


@given(spans)
def test_gaps_are_what_is_blank_within_the_span(added: list[tuple[int, int]]) -> None:
    timeline, line = timeline_of(added), painted(added)
    blank = set()
    for gap in timeline.gaps(-100, 100):
        assert gap.to_ms is not None
        blank |= set(range(int(gap.from_ms), int(gap.to_ms)))
    span = timeline.span
    inside = range(int(span[0]), int(span[1])) if span else ()
    assert blank == {time for time in inside if line[time] is None}


def test_a_segment_grows_over_what_was_recorded_before_it() -> None:
    timeline = Timeline()
    timeline.add(1, 0, 100)
    for end in (60, 70, 80):
        timeline.add(2, 50, end)
    assert [(each.from_ms, each.to_ms, each.segment) for each in timeline.pieces(0, 200)] == [
        (0, 50, 1),
        (50, 80, 2),
        (80, 100, 1),
    ]
    timeline.remove([1])
    assert timeline.span == (50, 80)
    assert timeline.at(90) is not None
    assert timeline.at(90)[1] == Gap(80, None)  # type: ignore[index]
