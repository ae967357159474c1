"""Who asks: the person behind a request or a WebSocket, and the role that a route needs.

Every route says which role it needs: by its room in `twin.app.ROOMS`, or by `Depends(requires(Role.X))` on a
panel's router or on the route itself; all that are said must be met. A test walks the routes.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket

from twin.accounts.accounts import Person
from twin.accounts.roles import Role
from twin.errors import RequestError, RoleError, SignInError
from twin.runtime import Twin
from twin.settings import is_loopback

COOKIE = "twin_session"
BEARER = "bearer"

#: WebSocket close codes, as 401 and 403 over HTTP: nobody has signed in (any more); the role is too low.
CLOSE_SIGN_IN = 4401
CLOSE_ROLE = 4403

#: Whoever has not signed in.
ANYBODY = Person("", "visitor", "visitor", Role.PUBLIC)
#: Everyone, where `--dev` has switched accounts off.
DEVELOPER = Person("dev", "dev", "dev", Role.ADMIN)


async def person_of(connection: HTTPConnection) -> Person:
    """Who asks: by the key of an `Authorization: Bearer` header, else by the session's cookie.

    Raises:
        SignInError: a key was shown that is not good; programs should not go on as nobody.
    """
    known = getattr(connection.state, "person", None)
    if known is None:
        known = connection.state.person = await find_person(connection)
    found: Person = known
    return found


PersonDep = Annotated[Person, Depends(person_of)]


async def find_person(connection: HTTPConnection) -> Person:
    """As `person_of`, asked anew: a stream outlives the session that opened it."""
    return await shown_by(connection).person()


@dataclass(frozen=True, slots=True)
class Credential:
    """What a connection showed to be let in, kept without the connection: equal ones are the same person."""

    twin: Twin = field(repr=False)
    is_developer: bool
    key: str | None = field(repr=False)
    token: str | None = field(repr=False)

    async def person(self) -> Person:
        """Whose it is now. Raises SignInError: a key that is not good."""
        if self.is_developer:
            return DEVELOPER
        if self.key is not None:
            holder = await self.twin.accounts.who(self.key, "key")
            if holder is None:
                raise SignInError("this key is not good: it was revoked, or its account was disabled")
            return holder
        return (await self.twin.accounts.who(self.token) if self.token else None) or ANYBODY


def shown_by(connection: HTTPConnection) -> Credential:
    """What a request or a WebSocket shows."""
    twin: Twin = connection.app.state.twin
    is_developer = twin.settings.dev and is_local(connection)
    return Credential(twin, is_developer, bearer_key(connection), connection.cookies.get(COOKIE))


def bearer_key(connection: HTTPConnection) -> str | None:
    """The key of the Authorization header; None: there is none (RFC 6750, 2.1)."""
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == BEARER and key.strip() else None


def is_local(connection: HTTPConnection) -> bool:
    """Whether the request was made on this machine, to a name of this machine.

    The name counts too: a page elsewhere can let its own name resolve to 127.0.0.1 (DNS rebinding).
    """
    client = connection.client
    host = connection.url.hostname
    return client is not None and is_loopback(client.host) and host is not None and is_loopback(host)


@dataclass(frozen=True, slots=True)
class Requirement:
    """A dependency that lets pass whoever has a role, or one above it."""

    role: Role

    async def __call__(self, connection: HTTPConnection) -> None:
        """Let pass, or raise SignInError (401: nobody has signed in) or RoleError (403)."""
        if self.role is not Role.PUBLIC:  # nobody is looked up where everybody may
            check_role(await person_of(connection), self.role)


def check_role(person: Person, role: Role) -> None:
    """Raise SignInError where nobody has signed in, RoleError where the person's role is too low."""
    if person.role >= role:
        return
    if person.role is Role.PUBLIC:
        raise SignInError(f"sign in first: this needs the role {role.key}")
    raise RoleError(f"this needs the role {role.key}; {person.name} is {person.role.key}", role=role.key)


async def refuse_stream(websocket: WebSocket, error: RequestError) -> None:
    """Close a WebSocket that may not be had, with a code that its page can read.

    It is accepted first: a page cannot read the status of a handshake that failed.
    """
    offered = websocket.scope.get("subprotocols") or [None]
    await websocket.accept(offered[0])
    await websocket.close(CLOSE_ROLE if isinstance(error, RoleError) else CLOSE_SIGN_IN, str(error)[:100])


def requires(role: Role) -> Callable[[HTTPConnection], Awaitable[None]]:
    """For `dependencies=[Depends(requires(Role.OPERATOR))]`, on a router or on one route."""
    return Requirement(role)
