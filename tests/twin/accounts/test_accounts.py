import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from twin.accounts.accounts import FAILURES_BEFORE_LOCK, IDLE_MS, LINK_MS, LOCK_MS, SESSION_MS, Accounts
from twin.accounts.roles import ASSIGNABLE, Role, role_of
from twin.accounts.secrets import check_password
from twin.errors import AccountError, SignInError
from twin.events.log import EventFilter, EventLog

PASSWORD = "correct horse battery"


class Clock:
    """A clock that the test turns."""

    speed = 1.0

    def __init__(self) -> None:
        self.ms = 1_780_000_000_000.0

    def now_ms(self) -> float:
        return self.ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(engine: AsyncEngine, clock: Clock) -> EventLog:
    return EventLog(engine, clock)


@pytest.fixture
def accounts(engine: AsyncEngine, log: EventLog, clock: Clock) -> Accounts:
    return Accounts(engine, log, clock)


async def types(log: EventLog) -> list[str]:
    return [event.type for event in await log.find(EventFilter(), 100)]


async def test_a_person_signs_in_is_known_and_signs_out(accounts: Accounts, log: EventLog) -> None:
    chen = await accounts.create("Chen", Role.OPERATOR, PASSWORD, "system", "陈工")
    person, token = await accounts.sign_in("chen", PASSWORD)
    assert person == chen
    assert await accounts.who(token) == chen
    assert await accounts.who(token, "key") is None
    await accounts.sign_out(token)
    assert await accounts.who(token) is None
    assert await types(log) == ["account.created", "session.opened", "session.closed"]


async def test_no_password_and_no_token_is_in_the_database(engine: AsyncEngine, accounts: Accounts) -> None:
    chen = await accounts.create("chen", Role.OPERATOR, PASSWORD, "system")
    tokens = [(await accounts.sign_in("chen", PASSWORD))[1], await accounts.new_link(chen, "system")]
    tokens.append(await accounts.new_key(chen, "weather station", "person:chen"))
    async with engine.connect() as connection:
        rows = [str(row) for table in ("account", "token", "event")
                for row in await connection.execute(text(f"select * from {table}"))]  # fmt: skip
    assert not any(secret in row for secret in (PASSWORD, *tokens) for row in rows)


@pytest.mark.parametrize("name", ["chen", "nobody"])
async def test_a_wrong_name_and_a_wrong_password_get_one_answer(accounts: Accounts, name: str) -> None:
    await accounts.create("chen", Role.OPERATOR, PASSWORD, "system")
    with pytest.raises(SignInError, match="the name or the password is wrong"):
        await accounts.sign_in(name, "wrong horse battery")


async def test_guessing_locks_the_account_for_a_while(accounts: Accounts, clock: Clock) -> None:
    await accounts.create("chen", Role.OPERATOR, PASSWORD, "system")
    guesses = (accounts.sign_in("chen", f"guess number {i}") for i in range(FAILURES_BEFORE_LOCK))
    results = await asyncio.gather(*guesses, return_exceptions=True)
    assert all(isinstance(each, SignInError) for each in results)
    with pytest.raises(SignInError, match="too many"):
        await accounts.sign_in("chen", PASSWORD)
    clock.ms += LOCK_MS + 1
    assert (await accounts.sign_in("chen", PASSWORD))[0].name == "chen"


async def test_a_link_is_good_once_and_for_a_day(accounts: Accounts, clock: Clock) -> None:
    guest = await accounts.create("guest", Role.VISITOR, None, "system")
    link = await accounts.new_link(guest, "system")
    assert (await accounts.follow_link(link))[0] == guest
    with pytest.raises(SignInError, match="used already"):
        await accounts.follow_link(link)
    late = await accounts.new_link(guest, "system")
    clock.ms += LINK_MS + 1
    with pytest.raises(SignInError, match="expired"):
        await accounts.follow_link(late)
    with pytest.raises(SignInError):  # an account without a password cannot be guessed
        await accounts.sign_in("guest", "")


async def test_sessions_end_when_idle_and_in_any_case_at_last(accounts: Accounts, clock: Clock) -> None:
    await accounts.create("chen", Role.OPERATOR, PASSWORD, "system")
    idle, busy = [(await accounts.sign_in("chen", PASSWORD))[1] for _ in range(2)]
    began = clock.ms
    while clock.ms - began < SESSION_MS - IDLE_MS:
        clock.ms += IDLE_MS / 2
        assert await accounts.who(busy) is not None
    assert await accounts.who(idle) is None
    clock.ms = began + SESSION_MS + 1
    assert await accounts.who(busy) is None


async def test_names_are_taken_once_whatever_their_case(accounts: Accounts) -> None:
    await accounts.create("chen", Role.OPERATOR, PASSWORD, "system")
    with pytest.raises(AccountError, match="already"):
        await accounts.create("CHEN", Role.ADMIN, PASSWORD, "system")
    assert [each.person.role for each in await accounts.all()] == [Role.OPERATOR]


@pytest.mark.parametrize("name", ["", "x", "-chen", "chen wei", "陈", "a" * 65])
async def test_names_that_are_none(accounts: Accounts, name: str) -> None:
    with pytest.raises(AccountError):
        await accounts.create(name, Role.MEMBER, PASSWORD, "system")


def test_weak_passwords_are_told_why() -> None:
    for password, says, reason in (
        ("short", "10 to 256", "password-length"),
        ("my name is Chen", "name", "password-name"),
        ("aaaaaaaaaaaa", "different", "password-signs"),
    ):
        with pytest.raises(AccountError, match=says) as caught:
            check_password(password, "chen")
        assert caught.value.reason == reason
    check_password(PASSWORD, "chen")


def test_roles_rise_and_are_named() -> None:
    assert [role.key for role in ASSIGNABLE] == ["visitor", "member", "operator", "manager", "admin"]
    assert Role.ADMIN > Role.MANAGER > Role.OPERATOR > Role.MEMBER > Role.VISITOR > Role.PUBLIC
    assert role_of("manager") is Role.MANAGER
    with pytest.raises(ValueError, match="visitor"):
        role_of("public")
