"""Slots and the rules on them: pure logic."""

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twin.panels.booking_house import HOUR_MS, MONDAY_8_MS, ZONE, bookable, person
from twin.accounts.roles import Role
from twin.days import day_of
from twin.panels.booking import rules
from twin.panels.booking.errors import BookingRuleError
from twin.panels.booking.model import MS_PER_MINUTE, TICK_MS, Rules, Slot, ticks_of
from twin.panels.booking.slots import day_bounds, slots_of_day

ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
DAYS = st.dates(date(2001, 1, 1), date(2040, 12, 31))
CLOCKS = st.builds(lambda minute: f"{minute // 60:02d}:{minute % 60:02d}", st.integers(0, 1440))


@given(
    DAYS,
    st.sampled_from(ZONES),
    st.lists(st.tuples(CLOCKS, CLOCKS), max_size=3),
    st.integers(1, 16).map(lambda ticks: ticks * 15),
)
def test_slots_are_whole_disjoint_and_claim_what_no_other_does(
    day: date, zone: str, spans: list[tuple[str, str]], slot_min: int
) -> None:
    court = bookable("court", slot_min=slot_min)
    object.__setattr__(court, "hours", (tuple(spans),) * 7)
    slots = slots_of_day(court, day, ZoneInfo(zone))
    begin, end = day_bounds(day, ZoneInfo(zone))
    for slot in slots:
        assert slot.end_ms - slot.start_ms == slot_min * MS_PER_MINUTE
        assert begin <= slot.start_ms
        assert slot.end_ms <= end
        assert len(ticks_of(slot.start_ms, slot.end_ms)) == slot_min // 15
    for before, after in pairwise(slots):
        assert before.end_ms <= after.start_ms
        assert not set(ticks_of(before.start_ms, before.end_ms)) & set(ticks_of(after.start_ms, after.end_ms))


@given(
    st.tuples(st.integers(0, 10**7), st.integers(1, 10**7)),
    st.tuples(st.integers(0, 10**7), st.integers(1, 10**7)),
)
def test_times_that_overlap_always_claim_a_common_quarter(a: tuple[int, int], b: tuple[int, int]) -> None:
    (a0, a_len), (b0, b_len) = a, b
    overlap = a0 < b0 + b_len and b0 < a0 + a_len
    common = set(ticks_of(a0, a0 + a_len)) & set(ticks_of(b0, b0 + b_len))
    assert bool(common) or not overlap


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_on_which_clocks_change_has_an_hour_less_or_more(day: date, hours: int) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    court = bookable("court")
    object.__setattr__(court, "hours", ((("00:00", "24:00"),),) * 7)
    slots = slots_of_day(court, day, berlin)
    assert len(slots) == hours
    assert {day_of(slot.start_ms, berlin) for slot in slots} == {day}


def test_a_night_slot_over_the_change_is_an_hour_long() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    court = bookable("court")
    object.__setattr__(court, "hours", ((("01:00", "04:00"),),) * 7)
    (first, second) = slots_of_day(court, date(2026, 3, 29), berlin)
    assert (first.end_ms, second.end_ms - second.start_ms) == (second.start_ms, HOUR_MS)


def test_hours_that_overlap_give_each_time_once() -> None:
    court = bookable("court")
    object.__setattr__(court, "hours", ((("08:00", "12:00"), ("10:00", "14:00"), ("20:00", "08:00")),) * 7)
    assert len(slots_of_day(court, date(2026, 11, 23), ZONE)) == 6


def test_a_slot_begins_on_the_quarter() -> None:
    court = bookable("court")
    object.__setattr__(court, "hours", ((("08:10", "10:30"),),) * 7)
    (first, second) = slots_of_day(court, date(2026, 11, 23), ZONE)
    assert first.start_ms == MONDAY_8_MS + TICK_MS
    assert second.start_ms == first.end_ms


class TestRules:
    slot = Slot(MONDAY_8_MS, MONDAY_8_MS + HOUR_MS)

    def refused(self, now_ms: float, people: int = 2, role: Role = Role.MEMBER, **limits: int) -> str:
        court = bookable("court", rules=Rules(**limits))  # type: ignore[arg-type]
        with pytest.raises(BookingRuleError) as error:
            rules.check_booking(court, self.slot, people, person(role=role), now_ms, ZONE)
        return str(error.value)

    def test_a_running_slot_can_be_booked_until_its_end(self) -> None:
        court = bookable("court")
        rules.check_booking(court, self.slot, 2, person(), self.slot.end_ms - 1, ZONE)
        assert "over" in self.refused(self.slot.end_ms)

    def test_days_ahead_are_counted_by_the_calendar(self) -> None:
        court = bookable("court", rules=Rules(days_ahead=7))
        week_before = date(2026, 11, 23) - timedelta(days=7)
        first_ms = day_bounds(week_before, ZONE)[0]
        rules.check_booking(court, self.slot, 2, person(), first_ms, ZONE)
        assert "7 days ahead" in self.refused(first_ms - 1, days_ahead=7)
        rules.check_booking(court, self.slot, 2, person(role=Role.OPERATOR), first_ms - 1, ZONE)

    def test_too_many_people_and_too_low_a_role_are_refused(self) -> None:
        assert "1 to 10" in self.refused(MONDAY_8_MS, people=11)
        assert "role member" in self.refused(MONDAY_8_MS, role=Role.VISITOR)

    def test_a_start_that_is_no_slot_is_refused(self) -> None:
        with pytest.raises(BookingRuleError, match="no slot"):
            rules.slot_at(bookable("court"), MONDAY_8_MS + 1, ZONE)
        assert rules.slot_at(bookable("court"), MONDAY_8_MS, ZONE) == self.slot
