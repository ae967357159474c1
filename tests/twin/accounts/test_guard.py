from hypothesis import given
from hypothesis import strategies as st

from twin.accounts.guard import MOST_ADDRESSES, TRIES, TRIES_PER_S, SignInGuard, site_of

steps = st.lists(st.tuples(st.floats(0.0, 100.0), st.booleans()), max_size=60)


@given(steps)
def test_no_more_wrong_tries_than_a_burst_and_what_time_gives(pauses: list[tuple[float, bool]]) -> None:
    guard, now, wrong = SignInGuard(), 0.0, 0
    for pause, right in pauses:
        now += pause
        if guard.take("192.0.2.1", now) == 0.0:
            if right:
                guard.give_back("192.0.2.1", now)
            else:
                wrong += 1
    assert wrong <= TRIES + now * TRIES_PER_S + 1e-6


def test_the_wait_that_is_told_is_long_enough_and_no_longer() -> None:
    guard = SignInGuard()
    while (wait_s := guard.take("a", 0.0)) == 0.0:
        pass
    assert guard.take("a", wait_s * 0.99) > 0.0
    assert guard.take("a", wait_s * 1.01) == 0.0


def test_one_address_does_not_slow_down_another() -> None:
    guard = SignInGuard()
    while guard.take("192.0.2.1", 0.0) == 0.0:
        pass
    assert guard.take("192.0.2.2", 0.0) == 0.0


def test_an_ipv6_customer_has_one_bucket() -> None:
    assert site_of("2001:db8:1:2::7") == site_of("2001:db8:1:2:ffff::1%eth0") == "2001:db8:1:2::/64"
    assert site_of("2001:db8:1:3::7") != site_of("2001:db8:1:2::7")
    assert site_of("::ffff:192.0.2.1") == site_of("192.0.2.1") == "192.0.2.1"
    assert site_of("testclient") == "testclient"


def test_it_holds_a_bounded_number_of_addresses() -> None:
    guard = SignInGuard()
    for number in range(MOST_ADDRESSES + 100):
        guard.take(f"host{number}", float(number))
    assert len(guard._buckets) == MOST_ADDRESSES
