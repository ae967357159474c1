import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.devices.credentials import PREFIX, Credential, CredentialBook, digest_of, is_secret, new_secret


def credential(device: str, number: int, secret: str, **times: int) -> Credential:
    return Credential(f"{device}{number}", device, number, digest_of(secret), "", 0, "test", **times)


def test_secrets_are_long_unlike_each_other_and_told_from_keys() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(is_secret(each) and len(each) >= len(PREFIX) + 43 for each in made)
    assert not is_secret("an account's key")


@pytest.mark.parametrize(
    ("times", "now_ms", "fault", "state"),
    [
        ({}, 10, None, "good"),
        ({"expires_ms": 20}, 19, None, "ending"),
        ({"expires_ms": 20}, 20, "expired", "expired"),
        ({"revoked_ms": 5}, 10, "revoked", "revoked"),
        ({"revoked_ms": 5, "expires_ms": 2}, 10, "revoked", "revoked"),
    ],
)
def test_a_secret_is_good_until_it_ends(
    times: dict[str, int], now_ms: int, fault: str | None, state: str
) -> None:
    found = credential("L", 1, "twd_x", **times)
    assert found.fault(now_ms) == fault
    assert found.state(now_ms) == state


def test_a_book_finds_by_secret() -> None:
    first, second = credential("L", 1, "twd_a", expires_ms=50), credential("L", 2, "twd_b")
    book = CredentialBook([first, second, credential("M", 1, "twd_c", revoked_ms=1)])
    assert book.check("twd_a", 10) == first
    assert book.check("twd_a", 50) == "expired"
    assert book.check("twd_c", 10) == "revoked"
    assert book.check("twd_d", 10) == "bad_secret"
    assert [book.signs("L", 99), book.signs("M", 99), book.good_of("L", 10)] == [True, False, 2]
    assert [each.username for each in book.live(10)] == ["L~1", "L~2"]


@given(st.lists(st.tuples(st.text(st.sampled_from("ab~1"), min_size=1), st.integers(1, 12)), unique=True))
def test_no_two_credentials_share_a_user_name(owners: list[tuple[str, int]]) -> None:
    made = [credential(device, number, f"{device} {number}") for device, number in owners]
    assert len({each.username for each in made}) == len(made)


@given(st.text())
def test_any_text_can_be_asked_for(text: str) -> None:
    assert CredentialBook().check(text, 0) == "bad_secret"
