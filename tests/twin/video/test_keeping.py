"""What is deleted: by age and by amount, oldest first, never what grows."""

from hypothesis import given
from hypothesis import strategies as st

from twin.video.keeping import DAY_MS, GB, Kept, is_low, to_delete
from twin.video.names import Segment

NOW_MS = 100 * DAY_MS


def kept(days_ago: float, size: int = 0, camera: str = "c", *, grows: bool = False) -> Kept:
    end = round(NOW_MS - days_ago * DAY_MS)
    return Kept(camera, Segment(end - 60_000, 0, None if grows else end), size)


@given(
    ages=st.lists(st.floats(0.0, 40.0), max_size=40),
    sizes=st.integers(0, 3 * GB),
    keep_days=st.floats(1.0, 40.0),
    most_gb=st.none() | st.floats(0.5, 60.0),
)
def test_after_enough_steps_nothing_is_too_old_or_too_much_and_nothing_went_before_its_turn(
    ages: list[float], sizes: int, keep_days: float, most_gb: float | None
) -> None:
    left = [kept(age, sizes, camera=str(number)) for number, age in enumerate(ages)]
    while gone := to_delete(left, NOW_MS, keep_days, most_gb, most=7):
        assert len(gone) <= 7
        left = [each for each in left if each not in gone]
        oldest_left = min((each.segment.end_ms or 0 for each in left), default=None)
        assert oldest_left is None or all((each.segment.end_ms or 0) <= oldest_left for each in gone)
    assert all((each.segment.end_ms or 0) > NOW_MS - keep_days * DAY_MS for each in left)
    assert most_gb is None or sum(each.bytes for each in left) <= most_gb * GB
    if most_gb is None:
        assert len(left) == sum(
            each > NOW_MS - keep_days * DAY_MS for each in (round(NOW_MS - a * DAY_MS) for a in ages)
        )


def test_what_grows_stays() -> None:
    assert to_delete([kept(50.0, GB, grows=True)], NOW_MS, 1.0, 0.1) == []


def test_a_disk_that_was_low_must_have_a_tenth_more() -> None:
    assert is_low(1.9 * GB, 2.0, was_low=False)
    assert not is_low(2.1 * GB, 2.0, was_low=False)
    assert is_low(2.1 * GB, 2.0, was_low=True)
    assert not is_low(2.3 * GB, 2.0, was_low=True)
