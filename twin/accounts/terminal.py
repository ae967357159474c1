"""What `twin account` does: the venue's accounts, from the command line of its server."""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.clock import SystemClock
from twin.accounts.accounts import Account, Accounts
from twin.accounts.roles import Role, role_of
from twin.accounts.secrets import check_password
from twin.errors import AccountError, SettingError
from twin.events.log import EventLog
from twin.store.database import open_database

T = TypeVar("T")
NO_ACCOUNTS = "nobody has an account yet; make the first: twin account add NAME --role admin"
ACTOR = "system"
"""Whoever has a shell on the server; the log cannot know their name."""


def add(database: str, name: str, role: str, display_name: str, *, by_link: bool) -> None:
    """Make an account; its password comes from the terminal, or from stdin's first line where there is none.

    Raises SettingError, AccountError and DatabaseError.
    """
    wanted = _role(role)
    password = None if by_link else read_password(name)
    _with(database, lambda accounts: accounts.create(name, wanted, password, ACTOR, display_name))
    _say(f"{name} can sign in as {wanted.key}")
    if by_link:
        link(database, name)


def show(database: str) -> None:
    """Print the accounts as a table. Raises DatabaseError."""
    found = _with(database, lambda accounts: accounts.all())
    table = Table("name", "display name", "role", "signs in", box=None)
    for account in found:
        person = account.person
        table.add_row(person.name, person.display_name, person.role.key, _way_in(account))
    Console(soft_wrap=True).print(table if found else NO_ACCOUNTS)


def disable(database: str, name: str) -> None:
    """Let an account in no more. Raises NotFoundError, AccountError and DatabaseError."""
    _with(database, lambda accounts: accounts.disable(name, ACTOR))
    _say(f"{name} can sign in no more")


def enable(database: str, name: str) -> None:
    """Let an account in again, disabled or locked. Raises NotFoundError and DatabaseError."""
    _with(database, lambda accounts: accounts.enable(name, ACTOR))
    _say(f"{name} can sign in again")


def change_role(database: str, name: str, role: str) -> None:
    """Give an account another role. Raises SettingError, NotFoundError, AccountError and DatabaseError."""
    wanted = _role(role)
    _with(database, lambda accounts: accounts.change_role(name, wanted, ACTOR))
    _say(f"{name} is {wanted.key} now")


def change_password(database: str, name: str) -> None:
    """Give an account a new password. Raises NotFoundError, AccountError and DatabaseError."""
    password = read_password(name)
    _with(database, lambda accounts: accounts.set_password(name, password, ACTOR))
    _say(f"{name} has a new password, and is signed out everywhere")


def link(database: str, name: str) -> None:
    """Print the path of a sign-in link. Raises NotFoundError and DatabaseError."""

    async def issue(accounts: Accounts) -> str:
        return await accounts.new_link(await accounts.named(name), ACTOR)

    token = _with(database, issue)
    _say("good once, within a day; open it behind the server's address:")
    print(f"/login?link={token}")


def key(database: str, name: str, label: str) -> None:
    """Print a new key. Raises NotFoundError and DatabaseError."""

    async def issue(accounts: Accounts) -> str:
        return await accounts.new_key(await accounts.named(name), label, ACTOR)

    token = _with(database, issue)
    _say("shown this once; send it as 'Authorization: Bearer KEY':")
    print(token)


def read_password(name: str) -> str:
    """A password asked for twice, or stdin's first line where nobody sits at it. Raises AccountError."""
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = getpass.getpass(f"password for {name}: ")
    check_password(password, name)
    if sys.stdin.isatty() and getpass.getpass("once more: ") != password:
        raise AccountError("the two were not the same; nothing was changed")
    return password


def _with(database: str, act: Callable[[Accounts], Awaitable[T]]) -> T:
    """What `act` gives, with the accounts of a database that is opened for it."""
    return asyncio.run(_acted(database, act))


async def _acted(database: str, act: Callable[[Accounts], Awaitable[T]]) -> T:
    engine: AsyncEngine = await open_database(database)
    clock = SystemClock()
    try:
        return await act(Accounts(engine, EventLog(engine, clock), clock))
    finally:
        await engine.dispose()


def _role(text: str) -> Role:
    try:
        return role_of(text)
    except ValueError as error:
        raise SettingError(f"--role: {error}") from error


def _way_in(account: Account) -> str:
    if account.disabled:
        return "no: disabled"
    return "by password" if account.has_password else "by link"


def _say(text: str) -> None:
    Console(stderr=True, soft_wrap=True, highlight=False).print(text, markup=False)
