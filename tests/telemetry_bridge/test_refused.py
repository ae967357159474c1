"""Who was turned away is counted in bounded memory, whatever names they make up."""

from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.refused import RefusedSenders
from tests.telemetry_bridge.builders import HandClock

_NAMES = st.text(max_size=200)


def test_the_same_refusal_is_one_entry_with_a_count_and_its_first_and_last_time() -> None:
    clock = HandClock()
    refused = RefusedSenders(clock=clock)
    refused.count("mqtt", "a", "bad_secret")
    first = clock.now_ms()
    clock.time_ms += 5000
    refused.count("mqtt", "a", "bad_secret")
    refused.count("http", "a", "bad_secret")
    newest, oldest = refused.all()
    assert (newest.way, newest.times) == ("http", 1)
    assert (oldest.times, oldest.first_ms, oldest.last_ms) == (2, first, first + 5000)


@given(st.lists(_NAMES, max_size=60), st.integers(1, 10))
def test_a_flood_of_names_is_bounded_and_the_total_still_right(names: list[str], most: int) -> None:
    refused = RefusedSenders(most)
    for name in names:
        refused.count("message", name, "unknown_device")
    kept = refused.all()
    assert refused.total == len(names)
    assert len(kept) == min(most, len({name[:100] for name in names}))
    assert not names or kept[0].name == names[-1][:100].encode("utf-8", "backslashreplace").decode()
