from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import BadRequestError
from twin.http.present import part_of, rfc3339


@given(time_ms=st.integers(min_value=0, max_value=4_102_444_800_000))
def test_times_keep_their_millisecond(time_ms: int) -> None:
    text = rfc3339(time_ms)
    assert text.endswith("Z")
    assert len(text) == len("2026-01-01T00:00:00.000Z")
    assert round(datetime.fromisoformat(text).timestamp() * 1000) == time_ms


@given(items=st.lists(st.integers(), max_size=40), limit=st.integers(min_value=1, max_value=50))
def test_the_parts_make_up_the_whole_list(items: list[int], limit: int) -> None:
    collected: list[int] = []
    cursor: str | None = ""
    parts = 0
    while cursor is not None:
        part, cursor = part_of(items, limit, cursor)
        collected += part
        parts += 1
        assert len(part) <= limit
    assert collected == items
    assert parts == max(1, -(-len(items) // limit))


def test_without_a_limit_all_is_given() -> None:
    assert part_of([1, 2, 3], None, "") == ([1, 2, 3], None)


@pytest.mark.parametrize("cursor", ["-1", "4", "x", "١", "1e3", "9" * 30])
def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadRequestError, match="cursor"):
        part_of([1, 2, 3], 2, cursor)
