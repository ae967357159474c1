"""`/api/accounts`: who has an account, their roles, sign-in links and keys. For admins."""

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from twin.accounts.accounts import LINK_MS, Account, Key
from twin.accounts.roles import role_of
from twin.http import present
from twin.http.context import TwinDep
from twin.http.identity import PersonDep
from twin.http.problems import PROBLEM_RESPONSES
from twin.http.schemas import Answer
from twin.http.session import PersonOut

router = APIRouter(prefix="/api/accounts", tags=["accounts"], responses=PROBLEM_RESPONSES)

RoleName = Literal["visitor", "member", "operator", "manager", "admin"]
Name = Annotated[str, Path(max_length=64, description="The account's name.")]
Password = Annotated[str, Field(max_length=1024)]


class AccountOut(PersonOut):
    """An account; `locked_until` while too many wrong passwords keep it shut."""

    disabled: bool
    has_password: bool
    locked_until: str | None
    created: str


class AccountPage(Answer):
    """The accounts, by name."""

    items: list[AccountOut]
    next: str | None


class LinkOut(Answer):
    """A sign-in link, good once; `path` goes behind the server's address."""

    link: str
    path: str
    hours: float


class KeyOut(Answer):
    """A program's key, without its secret."""

    id: str
    label: str
    created: str
    used: str


class KeyPage(Answer):
    """The keys of an account, oldest first."""

    items: list[KeyOut]
    next: str | None


class NewKey(Answer):
    """A new key; it is shown this once."""

    key: str


class Wish(BaseModel):
    """Base of what admins send; a secret never comes back in an error."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class CreateAccount(Wish):
    """A new account; without a password it signs in by links alone."""

    name: str = Field(max_length=64)
    role: RoleName
    display_name: str = Field(default="", max_length=128)
    password: Password | None = None


class ChangeAccount(Wish):
    """What to change; what is left out stays."""

    role: RoleName | None = None
    disabled: bool | None = None
    password: Password | None = None


class CreateKey(Wish):
    """A new key, and what it is for."""

    label: str = Field(min_length=1, max_length=128)


@router.get("", operation_id="listAccounts")
async def list_accounts(twin: TwinDep) -> AccountPage:
    """Every account."""
    found = await twin.accounts.all()
    return AccountPage(items=[_shown(each) for each in found], next=None)


@router.post("", operation_id="createAccount", status_code=HTTPStatus.CREATED)
async def create_account(twin: TwinDep, person: PersonDep, wish: CreateAccount) -> AccountOut:
    """Make an account. 409: the name is taken or none, or the password too weak."""
    made = await twin.accounts.create(
        wish.name, role_of(wish.role), wish.password, person.actor, wish.display_name
    )
    return _shown(await twin.accounts.account(made.name))


@router.patch("/{name}", operation_id="changeAccount")
async def change_account(twin: TwinDep, person: PersonDep, name: Name, wish: ChangeAccount) -> AccountOut:
    """Change role or password, disable, or let in again. 409: it is the last admin."""
    accounts, account = twin.accounts, await twin.accounts.account(name)
    if wish.password is not None:
        account = await accounts.set_password(name, wish.password, person.actor)
    if wish.role is not None:
        account = await accounts.change_role(name, role_of(wish.role), person.actor)
    if wish.disabled is not None:
        step = accounts.disable if wish.disabled else accounts.enable
        account = await step(name, person.actor)
    return _shown(account)


@router.post("/{name}/links", operation_id="createLink", status_code=HTTPStatus.CREATED)
async def create_link(twin: TwinDep, person: PersonDep, name: Name, response: Response) -> LinkOut:
    """A link that signs somebody in once, within a day."""
    token = await twin.accounts.new_link(await twin.accounts.named(name), person.actor)
    response.headers["cache-control"] = "no-store"
    return LinkOut(link=token, path=f"/login?link={token}", hours=LINK_MS / 3_600_000)


@router.get("/{name}/keys", operation_id="listKeys")
async def list_keys(twin: TwinDep, name: Name) -> KeyPage:
    """The keys of an account."""
    found = await twin.accounts.keys(await twin.accounts.named(name))
    return KeyPage(items=[_key(each) for each in found], next=None)


@router.post("/{name}/keys", operation_id="createKey", status_code=HTTPStatus.CREATED)
async def create_key(
    twin: TwinDep, person: PersonDep, name: Name, wish: CreateKey, response: Response
) -> NewKey:
    """A key for a program that acts as this account; its secret is shown this once."""
    key = await twin.accounts.new_key(await twin.accounts.named(name), wish.label, person.actor)
    response.headers["cache-control"] = "no-store"
    return NewKey(key=key)


@router.delete("/{name}/keys/{key}", operation_id="revokeKey", status_code=HTTPStatus.NO_CONTENT)
async def revoke_key(twin: TwinDep, person: PersonDep, name: Name, key: str) -> None:
    """Make a key good for nothing."""
    await twin.accounts.revoke_key(await twin.accounts.named(name), key, person.actor)


def _shown(account: Account) -> AccountOut:
    person, locked_ms = account.person, account.locked_until_ms
    return AccountOut(
        name=person.name,
        display_name=person.display_name,
        role=person.role.key,
        disabled=account.disabled,
        has_password=account.has_password,
        locked_until=present.rfc3339(locked_ms) if locked_ms else None,
        created=present.rfc3339(account.created_ms),
    )


def _key(key: Key) -> KeyOut:
    created, used = present.rfc3339(key.created_ms), present.rfc3339(key.used_ms)
    return KeyOut(id=key.id, label=key.label, created=created, used=used)
