"""Logs to search in: events of any kind, at times of a clock that may go back."""

from dataclasses import dataclass

from hypothesis import strategies as st

from twin.events.event import Draft

START_MS = 1_780_000_000_000
KINDS = ("alarm.raised", "alarm.returned", "booking.created", "command.sent", "alarms.tested")
SUBJECTS = ("device:lamp", "device:fan", "booking:7", "element:wall", "device:100%_")
TEXTS = ("空调过热", "灯", "B1-AHU-0001", "fan 3号", "")
PLACES = ("wall", "door")


@dataclass
class SteppedClock:
    """A clock that is set by hand."""

    ms: float = START_MS
    speed: float = 1.0

    def now_ms(self) -> float:
        return self.ms


DRAFTS = st.builds(
    Draft,
    st.sampled_from(KINDS),
    st.sampled_from(SUBJECTS),
    st.sampled_from(["person:chen", "rule:hot", "system"]),
    st.fixed_dictionaries(
        {"text": st.sampled_from(TEXTS)},
        optional={
            "priority": st.sampled_from(["critical", "high", "urgent"]),
            "severity": st.sampled_from(["high", "low"]),
            "element": st.sampled_from(PLACES),
            "elements": st.lists(st.sampled_from(PLACES), max_size=2),
            "n": st.integers(0, 20),
        },
    ),
)
#: Each event with how far the clock is moved before it, ms.
HISTORIES = st.lists(st.tuples(st.integers(-8, 8), DRAFTS), min_size=1, max_size=25)
