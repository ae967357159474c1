"""Accounts in the database: make, sign in, sessions, links, keys. Each act is an event in the log."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telemetry_bridge.clock import Clock
from twin.accounts.roles import Role, role_of
from twin.accounts.secrets import (
    check_password,
    hash_password,
    new_token,
    nobody,
    password_matches,
    token_digest,
)
from twin.errors import AccountError, NotFoundError, SignInError
from twin.events.event import Draft, new_id
from twin.events.log import EventLog
from twin.store.database import writing
from twin.store.tables import ACCOUNT, TOKEN

SESSION_MS = 12 * 3_600_000
IDLE_MS = 2 * 3_600_000
LINK_MS = 24 * 3_600_000
FAILURES_BEFORE_LOCK = 5
LOCK_MS = 10 * 60_000
TOUCH_MS = 60_000  # how exactly the last use of a token is kept
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed in, or a program with a key."""

    id: str
    name: str
    display_name: str
    role: Role

    @property
    def actor(self) -> str:
        """How events name them."""
        return f"person:{self.name}"


@dataclass(frozen=True, slots=True)
class Account:
    """An account as its keeper sees it; times in ms since 1970 UTC, `locked_until_ms` 0: never locked."""

    person: Person
    disabled: bool
    has_password: bool
    locked_until_ms: int
    created_ms: int


@dataclass(frozen=True, slots=True)
class Key:
    """A program's key, without its secret; times in ms since 1970 UTC, `used_ms` to the minute."""

    id: str
    label: str
    created_ms: int
    used_ms: int


class Accounts:
    """The venue's accounts; one for each server process."""

    def __init__(self, engine: AsyncEngine, log: EventLog, clock: Clock) -> None:
        """`clock` is the machine's, even where the venue's time is simulated: sessions end in real hours."""
        self._engine = engine
        self._log = log
        self._clock = clock

    async def create(
        self, name: str, role: Role, password: str | None, actor: str, display_name: str = ""
    ) -> Person:
        """Make an account.

        Raises:
            AccountError: the name is taken or no name, or the password is too weak.
        """
        name = name.strip().lower()
        if not NAME.fullmatch(name):
            raise AccountError("a name has 2 to 64 of a-z 0-9 . _ -, no sign first", "account-name")
        if password is not None:
            check_password(password, name)
        hashed = await asyncio.to_thread(hash_password, password) if password is not None else None
        person = Person(new_id(self._now()), name, display_name.strip() or name, role)
        row = {"id": person.id, "name": name, "display_name": person.display_name, "role": role.key}
        try:
            async with writing(self._engine) as connection:
                await connection.execute(
                    insert(ACCOUNT).values(**row, password=hashed, created_ms=self._now())
                )
                events = await self._log.append_within(
                    connection, Draft("account.created", person.actor, actor, {"role": role.key})
                )
        except IntegrityError as error:
            text = f"there is an account {name} already; choose another name"
            raise AccountError(text, "account-taken", name=name) from error
        self._log.announce(events)
        return person

    async def sign_in(self, name: str, password: str) -> tuple[Person, str]:
        """The person and a new session's token.

        Raises:
            SignInError: the name or the password is wrong, or the account is locked or disabled; the message
                does not tell which, but for a lock.
        """
        name = name.strip().lower()
        row = await self._account(name)
        matches = await asyncio.to_thread(_matches, password, row and row.password)
        now = self._now()
        if row is not None and row.locked_until_ms > now:
            raise SignInError("too many wrong passwords; try again in ten minutes")
        if row is None or not matches or row.disabled:
            await self._refused(name, row)
            raise SignInError("the name or the password is wrong")
        return await self.open_session(_person(row), "password")

    async def follow_link(self, token: str) -> tuple[Person, str]:
        """Sign in by a link, which is good once.

        Raises:
            SignInError: it was used, is too old, or was never given.
        """
        async with writing(self._engine) as connection:
            row = await self._use(connection, token, "link")
            if row is not None:
                await connection.execute(delete(TOKEN).where(TOKEN.c.digest == token_digest(token)))
        if row is None:
            raise SignInError("this sign-in link was used already or has expired; ask for a new one")
        return await self.open_session(_person(row), "link")

    async def new_link(self, person: Person, actor: str) -> str:
        """A token that signs a person in once, within a day."""
        token = await self._issue(person, "link", LINK_MS, "")
        await self._log.append(Draft("link.issued", person.actor, actor, {}))
        return token

    async def new_key(self, person: Person, label: str, actor: str) -> str:
        """A key for a program that acts as a person, good until it is revoked."""
        token = await self._issue(person, "key", None, label)
        await self._log.append(Draft("key.issued", person.actor, actor, {"label": label}))
        return token

    async def who(self, token: str, kind: str = "session") -> Person | None:
        """Who holds a session's or a key's token; None: nobody, any more."""
        async with self._engine.connect() as connection:
            row = await self._find(connection, token, kind)
        if row is None:
            return None
        if self._now() - row.used_ms > TOUCH_MS:
            async with writing(self._engine) as connection:
                await self._use(connection, token, kind)
        return _person(row)

    async def sign_out(self, token: str) -> None:
        """End a session; harmless where there is none."""
        person = await self.who(token)
        async with writing(self._engine) as connection:
            await connection.execute(delete(TOKEN).where(TOKEN.c.digest == token_digest(token)))
        if person is not None:
            await self._log.append(Draft("session.closed", person.actor, person.actor, {}))

    async def named(self, name: str) -> Person:
        """The account of a name.

        Raises:
            NotFoundError: there is none.
        """
        return (await self.account(name)).person

    async def account(self, name: str) -> Account:
        """As `named`, with what its keeper sees. Raises NotFoundError."""
        row = await self._account(name.strip().lower())
        if row is None:
            raise NotFoundError(f"there is no account {name[:64]}")
        return _account(row)

    async def exist(self) -> bool:
        """Whether anybody has an account."""
        async with self._engine.connect() as connection:
            return (await connection.execute(select(ACCOUNT.c.id).limit(1))).first() is not None

    async def all(self) -> tuple[Account, ...]:
        """Every account, by name."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(select(ACCOUNT).order_by(ACCOUNT.c.name))
        return tuple(_account(row) for row in rows)

    async def change_role(self, name: str, role: Role, actor: str) -> Account:
        """Give an account another role; counts from its next request on.

        Raises:
            NotFoundError: there is no such account; AccountError: it is the last admin.
        """
        changed = Draft("account.role_changed", _actor(name), actor, {"role": role.key})
        return await self._change(name, {"role": role.key}, changed, demotes=role < Role.ADMIN)

    async def disable(self, name: str, actor: str) -> Account:
        """Let an account in no more; its sessions and links end, its keys are good for nothing.

        Raises:
            NotFoundError: there is no such account; AccountError: it is the last admin.
        """
        drop = TOKEN.c.kind != "key"
        return await self._change(
            name,
            {"disabled": True},
            Draft("account.disabled", _actor(name), actor, {}),
            demotes=True,
            drop=drop,
        )

    async def enable(self, name: str, actor: str) -> Account:
        """Let an account in again, locked or disabled. Raises NotFoundError."""
        values = {"disabled": False, "failures": 0, "locked_until_ms": 0}
        return await self._change(name, values, Draft("account.enabled", _actor(name), actor, {}))

    async def set_password(self, name: str, password: str, actor: str) -> Account:
        """Give an account a new password; its sessions end.

        Raises:
            NotFoundError: there is no such account; AccountError: the password is too weak.
        """
        check_password(password, name.strip().lower())
        values = {"password": await asyncio.to_thread(hash_password, password)}
        changed = Draft("account.password_changed", _actor(name), actor, {})
        return await self._change(name, values, changed, drop=TOKEN.c.kind == "session")

    async def keys(self, person: Person) -> tuple[Key, ...]:
        """The keys that a person's programs have, oldest first."""
        query = (
            select(TOKEN).where(TOKEN.c.account_id == person.id, TOKEN.c.kind == "key").order_by(TOKEN.c.id)
        )
        async with self._engine.connect() as connection:
            rows = await connection.execute(query)
        return tuple(Key(row.id, row.label, row.created_ms, row.used_ms) for row in rows)

    async def revoke_key(self, person: Person, key_id: str, actor: str) -> None:
        """Make a key good for nothing. Raises NotFoundError where the person has no such key."""
        own = (TOKEN.c.id == key_id) & (TOKEN.c.account_id == person.id) & (TOKEN.c.kind == "key")
        async with writing(self._engine) as connection:
            row = (await connection.execute(select(TOKEN.c.label).where(own))).first()
            if row is None:
                raise NotFoundError(f"{person.name} has no key {key_id[:64]}")
            await connection.execute(delete(TOKEN).where(own))
            revoked = Draft("key.revoked", person.actor, actor, {"label": row.label})
            events = await self._log.append_within(connection, revoked)
        self._log.announce(events)

    async def _change(
        self, name: str, values: dict[str, Any], draft: Draft, *, demotes: bool = False, drop: Any = None
    ) -> Account:
        """Change an account, end those of its tokens that `drop` says, and log it, in one transaction."""
        own = ACCOUNT.c.name == name.strip().lower()
        async with writing(self._engine) as connection:
            found = (await connection.execute(select(ACCOUNT).where(own).with_for_update())).first()
            if found is None:
                raise NotFoundError(f"there is no account {name[:64]}")
            if demotes:
                await _keep_an_admin(connection, found)
            await connection.execute(update(ACCOUNT).where(own).values(**values))
            if drop is not None:
                await connection.execute(delete(TOKEN).where(TOKEN.c.account_id == found.id, drop))
            row = (await connection.execute(select(ACCOUNT).where(own))).one()
            events = await self._log.append_within(connection, draft)
        self._log.announce(events)
        return _account(row)

    def _now(self) -> int:
        return int(self._clock.now_ms())

    async def _account(self, name: str) -> Row[Any] | None:
        async with self._engine.connect() as connection:
            return (await connection.execute(select(ACCOUNT).where(ACCOUNT.c.name == name))).first()

    async def _refused(self, name: str, row: Row[Any] | None) -> None:
        if row is not None:
            own = ACCOUNT.c.id == row.id
            lock = {"failures": 0, "locked_until_ms": self._now() + LOCK_MS}
            async with writing(self._engine) as connection:
                await connection.execute(update(ACCOUNT).where(own).values(failures=ACCOUNT.c.failures + 1))
                too_many = own & (ACCOUNT.c.failures >= FAILURES_BEFORE_LOCK)
                await connection.execute(update(ACCOUNT).where(too_many).values(**lock))
        await self._log.append(Draft("session.refused", f"person:{name[:64]}", "system", {}))

    async def open_session(self, person: Person, way: str) -> tuple[Person, str]:
        """A new session's token for a person who has proved, in some `way`, who they are."""
        token = await self._issue(person, "session", SESSION_MS, "")
        async with writing(self._engine) as connection:
            await connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == person.id).values(failures=0))
            await connection.execute(delete(TOKEN).where(TOKEN.c.expires_ms < self._now()))
        await self._log.append(Draft("session.opened", person.actor, person.actor, {"way": way}))
        return person, token

    async def _issue(self, person: Person, kind: str, life_ms: int | None, label: str) -> str:
        token, now = new_token(), self._now()
        row = {"digest": token_digest(token), "id": new_id(now), "kind": kind, "account_id": person.id}
        times = {"created_ms": now, "used_ms": now, "expires_ms": None if life_ms is None else now + life_ms}
        async with writing(self._engine) as connection:
            await connection.execute(insert(TOKEN).values(**row, **times, label=label))
        return token

    async def _find(self, connection: AsyncConnection, token: str, kind: str) -> Row[Any] | None:
        """The account behind a valid token, with the token's `used_ms`."""
        now = self._now()
        columns = (*(column for column in ACCOUNT.c), TOKEN.c.used_ms)
        query = select(*columns).join(TOKEN, TOKEN.c.account_id == ACCOUNT.c.id)
        query = query.where(TOKEN.c.digest == token_digest(token), TOKEN.c.kind == kind, ~ACCOUNT.c.disabled)
        query = query.where((TOKEN.c.expires_ms.is_(None)) | (TOKEN.c.expires_ms > now))
        if kind == "session":
            query = query.where(TOKEN.c.used_ms > now - IDLE_MS)
        return (await connection.execute(query)).first()

    async def _use(self, connection: AsyncConnection, token: str, kind: str) -> Row[Any] | None:
        row = await self._find(connection, token, kind)
        if row is not None:
            digest = token_digest(token)
            await connection.execute(
                update(TOKEN).where(TOKEN.c.digest == digest).values(used_ms=self._now())
            )
        return row


async def _keep_an_admin(connection: AsyncConnection, leaving: Row[Any]) -> None:
    """Raise AccountError where nobody could give roles any more without this account."""
    admins = (ACCOUNT.c.role == Role.ADMIN.key) & ~ACCOUNT.c.disabled
    # Locked, so that two admins who disable each other at once take turns.
    rows = (await connection.execute(select(ACCOUNT.c.id).where(admins).with_for_update())).all()
    if [row.id for row in rows] == [leaving.id]:
        text = f"{leaving.name} is the last admin; make another one first"
        raise AccountError(text, "account-last-admin", name=leaving.name)


def _matches(password: str, hashed: str | None) -> bool:
    stand_in = nobody()  # whether there is such an account or not: neither answer is quicker
    return password_matches(password, hashed or stand_in)


def _actor(name: str) -> str:
    return f"person:{name.strip().lower()}"


def _account(row: Row[Any]) -> Account:
    return Account(_person(row), row.disabled, row.password is not None, row.locked_until_ms, row.created_ms)


def _person(row: Row[Any]) -> Person:
    return Person(row.id, row.name, row.display_name, role_of(row.role))
