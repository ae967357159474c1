"""Who is in a session, and who drives."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from twin.film.review import GRACE_S, MAX_MEMBERS, Member, Review, ReviewError


class Machine(RuleBasedStateMachine):
    """Anybody may do anything at any time, and clocks go on."""

    def __init__(self) -> None:
        super().__init__()
        self.review, self.now_s, self.members = Review("id"), 0.0, list[Member]()
        self.driver_since = 0.0

    def any(self, number: int) -> Member | None:
        inside = [each for each in self.members if each in tuple(self.review)]
        return inside[number % len(inside)] if inside else None

    @rule()
    def join(self) -> None:
        if len(tuple(self.review)) < MAX_MEMBERS:
            self.members.append(self.review.join("somebody", None, self.now_s))

    @rule(number=st.integers(0, 9))
    def come_by_ticket(self, number: int) -> None:
        member = self.any(number)
        if member is not None:
            assert self.review.join("somebody", member.ticket, self.now_s) is member
            assert member.can_drive

    @rule(number=st.integers(0, 9), what=st.sampled_from(["lose", "leave", "come_back", "quit"]))
    def do(self, number: int, what: str) -> None:
        member = self.any(number)
        if member is not None and (member.here or what == "lose"):
            getattr(self.review, what)(member, self.now_s)

    @rule(one=st.integers(0, 9), other=st.integers(0, 9))
    def hand(self, one: int, other: int) -> None:
        member, to = self.any(one), self.any(other)
        if member is None or to is None:
            return
        if self.review.driver is member and to.can_drive:
            self.review.hand(member, to.id)
            assert self.review.driver is to
        else:
            before = self.review.driver
            with pytest.raises(ReviewError):
                self.review.hand(member, to.id)
            assert self.review.driver is before

    @rule(seconds=st.sampled_from([0.5, 4.0, GRACE_S, 60.0]))
    def wait(self, seconds: float) -> None:
        end_s = self.now_s + seconds
        while self.review.next_s is not None and self.review.next_s <= end_s:
            self.now_s = max(self.review.next_s, self.now_s)
            assert self.review.settle(self.now_s)  # who is told to look again then has something to see
        self.now_s = end_s

    @invariant()
    def somebody_drives_if_anybody_can(self) -> None:
        driver, inside = self.review.driver, tuple(self.review)
        if driver is None:
            assert not any(each.can_drive for each in inside)
        elif not driver.can_drive:
            assert self.now_s - driver.away_s < GRACE_S
        for each in inside:
            assert each.here or self.now_s - each.away_s < GRACE_S
        assert len({each.id for each in inside}) == len({each.ticket for each in inside}) == len(inside)


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=100, deadline=None)


def test_the_wheel_is_kept_for_a_moment_and_then_goes_to_who_has_followed_the_longest() -> None:
    review = Review("id")
    first, second, third = (review.join(name, None, 0.0) for name in ("a", "b", "c"))
    assert review.driver is first
    review.lose(first, 1.0)
    review.leave(second, 2.0)
    assert review.driver is first
    assert review.next_s == 1.0 + GRACE_S
    review.join("a", first.ticket, 5.0)
    assert review.driver is first
    assert review.next_s is None
    review.lose(first, 20.0)
    review.settle(20.0 + GRACE_S)
    assert review.driver is third
    assert first not in tuple(review)
    review.quit(third, 40.0)
    assert review.driver is None
    review.come_back(second, 41.0)
    assert review.driver is second


def test_a_session_is_full_but_not_for_who_comes_back() -> None:
    review = Review("id")
    members = [review.join("somebody", None, 0.0) for _ in range(MAX_MEMBERS)]
    with pytest.raises(ReviewError, match=str(MAX_MEMBERS)) as caught:
        review.join("late", None, 1.0)
    assert caught.value.code == "session_full"
    review.lose(members[3], 1.0)
    assert review.join("x", members[3].ticket, 2.0) is members[3]


def test_a_ticket_is_told_to_its_owner_alone() -> None:
    review = Review("id")
    one, other = review.join("a", None, 0.0), review.join("b", None, 0.0)
    assert review.told(one)["ticket"] == one.ticket
    assert other.ticket not in str(review.told(one))
    assert other.ticket not in repr(other)
