from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.events.event import CROCKFORD, Draft, Event, Head, appended, canonical, first_fault, new_id

TIMES = st.integers(0, 2**47)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
DRAFTS = st.builds(
    Draft,
    st.sampled_from(["alarm.raised", "command.sent"]),
    st.text(max_size=20),
    st.text(max_size=20),
    st.dictionaries(st.text(max_size=5), JSON, max_size=3),
    st.none() | st.text(max_size=26),
)
LOGS = st.lists(DRAFTS, min_size=1, max_size=8)


def written(drafts: list[Draft]) -> list[Event]:
    return list(appended(drafts, Head(), 1_780_000_000_000))


@given(time_ms=TIMES, later_ms=st.integers(0, 10**6))
def test_ids_sort_by_time(time_ms: int, later_ms: int) -> None:
    first = new_id(time_ms)
    second = new_id(time_ms + later_ms, after=first)
    assert first < second
    assert len(first) == 26
    assert set(first) <= set(CROCKFORD)


def test_ids_go_up_when_the_clock_goes_back() -> None:
    first = new_id(1_780_000_000_000)
    assert new_id(1_770_000_000_000, after=first) > first


def test_an_id_begins_with_its_time_as_the_specification_says() -> None:
    # 1469918176385 ms is 01ARYZ6S41, the example in the ULID specification.
    assert new_id(1_469_918_176_385).startswith("01ARYZ6S41")


@given(LOGS)
def test_a_log_as_written_holds(drafts: list[Draft]) -> None:
    events = written(drafts)
    assert first_fault(events) is None
    assert [event.seq for event in events] == list(range(1, len(drafts) + 1))
    assert sorted({event.id for event in events}) == [event.id for event in events]


@given(LOGS, st.data())
def test_whatever_is_changed_shows(drafts: list[Draft], data: st.DataObject) -> None:
    events = written(drafts)
    row = data.draw(st.integers(0, len(events) - 1))
    field = data.draw(st.sampled_from(["time_ms", "type", "subject", "actor", "cause", "data", "id"]))
    value: Any = {"time_ms": 1, "data": {"forged": True}, "cause": "forged"}.get(field, "forged")
    events[row] = replace(events[row], **{field: value})
    assert first_fault(events) is not None


@given(st.lists(DRAFTS, min_size=2, max_size=8), st.data())
def test_what_is_taken_out_shows_except_at_the_end(drafts: list[Draft], data: st.DataObject) -> None:
    events = written(drafts)
    del events[data.draw(st.integers(0, len(events) - 2))]
    assert first_fault(events) is not None


def test_data_has_one_spelling_and_no_nan() -> None:
    assert canonical({"b": 1, "a": "羽毛球"}) == '{"a":"羽毛球","b":1}'
    with pytest.raises(ValueError, match="JSON"):
        canonical({"a": float("nan")})
