"""What a client may send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.message_guard import (
    BURST,
    CLOSE_POLICY,
    CLOSE_TOO_BIG,
    MAX_MESSAGE_BYTES,
    MESSAGES_PER_S,
    MessageGuard,
)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("{}", None),
        ('{"type": "ping"}', None),
        ("", CLOSE_POLICY),
        ("hello", CLOSE_POLICY),
        ("[]", CLOSE_POLICY),
        (b"{}", CLOSE_POLICY),
        (b"", CLOSE_POLICY),
        ('{"a": "' + "x" * MAX_MESSAGE_BYTES + '"}', CLOSE_TOO_BIG),
        ("灯" * (MAX_MESSAGE_BYTES // 3 + 1), CLOSE_TOO_BIG),
        (b"x" * (MAX_MESSAGE_BYTES + 1), CLOSE_TOO_BIG),
    ],
)
def test_messages(data: str | bytes, code: int | None) -> None:
    assert MessageGuard().check(data, 0.0) == code


def test_a_burst_then_the_rate() -> None:
    guard = MessageGuard()
    assert [guard.check("{}", 5.0) for _ in range(int(BURST) + 1)] == [None] * int(BURST) + [CLOSE_POLICY]


@given(st.lists(st.floats(0, 2), max_size=120))
def test_no_more_than_a_burst_and_the_rate(pauses: list[float]) -> None:
    guard, now_s, passed = MessageGuard(), 0.0, 0
    for pause in pauses:
        now_s += pause
        if guard.check("{}", now_s) is None:
            passed += 1
    assert passed <= BURST + now_s * MESSAGES_PER_S + 1e-6
    if len(pauses) <= BURST or all(pause >= 1 / MESSAGES_PER_S for pause in pauses):
        assert passed == len(pauses)
