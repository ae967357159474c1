"""`/api/session`: sign in, sign out, and who one is."""

import time
from collections.abc import Awaitable
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from twin.accounts.accounts import SESSION_MS, Person
from twin.accounts.guard import SignInGuard
from twin.accounts.roles import Role
from twin.errors import TooManyError
from twin.http.context import TwinDep
from twin.http.identity import COOKIE, PersonDep, is_local
from twin.http.problems import PROBLEM_RESPONSES
from twin.http.schemas import Answer
from twin.runtime import Twin

router = APIRouter(prefix="/api/session", tags=["accounts"], responses=PROBLEM_RESPONSES)


class PersonOut(Answer):
    """Somebody with an account."""

    name: str
    display_name: str
    role: str


class DemoLinkOut(PersonOut):
    """An account of the demo, and the link that signs in as it."""

    link: str


class Session(Answer):
    """Who asks. `role` is `public` and `person` null where nobody has signed in.

    `dev`: everyone is an admin. `accounts` false: nobody has an account yet. `demo` lists the demo's sign-in
    links, to the server's own machine alone.
    """

    person: PersonOut | None
    role: str
    dev: bool
    accounts: bool
    demo: list[DemoLinkOut]


class SignIn(BaseModel):
    """Either name and password, or the token of a sign-in link."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: str | None = Field(default=None, max_length=128)
    password: str | None = Field(default=None, max_length=1024)
    link: str | None = Field(default=None, min_length=1, max_length=256)

    @model_validator(mode="after")
    def _one_way(self) -> "SignIn":
        by_password = self.name is not None and self.password is not None
        if by_password == (self.link is not None):
            raise ValueError("give name and password, or link")
        return self


@router.get("", operation_id="getSession")
async def get_session(request: Request, response: Response, twin: TwinDep, person: PersonDep) -> Session:
    """Who asks, and what the login page needs to know."""
    response.headers["cache-control"] = "no-store"
    return await _session(request, twin, person)


@router.post("", operation_id="signIn")
async def sign_in(request: Request, response: Response, twin: TwinDep, wish: SignIn) -> Session:
    """Sign in; the session is a cookie. 401: wrong, used or expired. 429: too many wrong tries."""
    person, token = await _guarded(request, _enter(twin, wish))
    response.set_cookie(
        COOKIE,
        token,
        max_age=SESSION_MS // 1000,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    response.headers["cache-control"] = "no-store"
    return await _session(request, twin, person)


@router.delete("", operation_id="signOut", status_code=HTTPStatus.NO_CONTENT)
async def sign_out(request: Request, response: Response, twin: TwinDep) -> None:
    """End the session; harmless where there is none."""
    token = request.cookies.get(COOKIE)
    if token:
        await twin.accounts.sign_out(token)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=request.url.scheme == "https")


async def _enter(twin: Twin, wish: SignIn) -> tuple[Person, str]:
    if wish.link is None:
        return await twin.accounts.sign_in(wish.name or "", wish.password or "")
    demo = twin.demo.person(wish.link)
    if demo is not None:
        return await twin.accounts.open_session(demo, "demo link")
    return await twin.accounts.follow_link(wish.link)


async def _guarded(request: Request, entering: Awaitable[tuple[Person, str]]) -> tuple[Person, str]:
    """Enter, unless this address guessed too often. Raises TooManyError and what `entering` raises."""
    guard: SignInGuard = request.app.state.sign_in_guard
    address = request.client.host if request.client else ""
    wait_s = guard.take(address, time.monotonic())
    if wait_s > 0.0:
        getattr(entering, "close", lambda: None)()
        raise TooManyError(wait_s)
    entered = await entering
    guard.give_back(address, time.monotonic())
    return entered


async def _session(request: Request, twin: Twin, person: Person) -> Session:
    links = twin.demo.links if is_local(request) else ()
    return Session(
        person=None if person.role is Role.PUBLIC else person_out(person),
        role=person.role.key,
        dev=twin.settings.dev,
        accounts=person.role is not Role.PUBLIC or await twin.accounts.exist(),
        demo=[DemoLinkOut(**dict(person_out(link.person)), link=link.token) for link in links],
    )


def person_out(person: Person) -> PersonOut:
    """A person as the API answers them."""
    return PersonOut(name=person.name, display_name=person.display_name, role=person.role.key)
