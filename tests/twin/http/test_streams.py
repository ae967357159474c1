"""Who may go on seeing a stream."""

from typing import Any, cast

import pytest
from sqlalchemy.exc import OperationalError

from twin.accounts.accounts import Person
from twin.accounts.roles import Role
from twin.errors import SignInError
from twin.http.identity import Credential
from twin.http.streams import StreamPass


class Accounts:
    """Answers what it was told to."""

    def __init__(self, answer: Person | Exception | None) -> None:
        self.answer = answer

    async def who(self, token: str, kind: str = "session") -> Person | None:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Venue:
    """As much of a twin as is asked."""

    def __init__(self, answer: Person | Exception | None) -> None:
        self.accounts = Accounts(answer)


def stream_pass(answer: Person | Exception | None, *, key: str | None = None) -> StreamPass:
    twin = cast("Any", Venue(answer))
    return StreamPass(Credential(twin, is_developer=False, key=key, token="t"), Role.OPERATOR)


@pytest.mark.parametrize(
    ("answer", "holds"),
    [
        (Person("1", "chen", "Chen", Role.OPERATOR), True),
        (Person("1", "chen", "Chen", Role.ADMIN), True),
        (Person("1", "chen", "Chen", Role.MEMBER), False),
        (None, False),
        (SignInError("disabled"), False),
        (OperationalError("select", {}, Exception("the database is away")), True),
        (TimeoutError(), True),
    ],
)
async def test_a_pass_holds_as_long_as_nobody_says_otherwise(
    answer: Person | Exception | None, holds: bool
) -> None:
    assert await stream_pass(answer).holds() is holds


async def test_a_key_that_was_revoked_lets_in_no_more() -> None:
    assert await stream_pass(None, key="k").holds() is False


def test_the_same_credential_is_one_pass_and_is_not_shown() -> None:
    twin = cast("Any", Venue(None))
    one, other = (StreamPass(Credential(twin, False, None, "secret"), Role.OPERATOR) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert one != StreamPass(Credential(twin, False, None, "other"), Role.OPERATOR)
    assert "secret" not in repr(one)
