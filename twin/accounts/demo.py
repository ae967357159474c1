"""The demo's accounts: one for each role, and links that sign in as them for as long as the server runs."""

from dataclasses import dataclass

from twin.accounts.accounts import Accounts, Person
from twin.accounts.roles import ASSIGNABLE, Role
from twin.accounts.secrets import new_token, same
from twin.errors import NotFoundError

DISPLAY_NAMES = {
    Role.VISITOR: "访客小林 Lin",
    Role.MEMBER: "会员小陈 Chen",
    Role.OPERATOR: "值班员老吴 Wu",
    Role.MANAGER: "经理郑工 Zheng",
    Role.ADMIN: "管理员阿黄 Huang",
}


@dataclass(frozen=True, slots=True)
class DemoLink:
    """A link's token that signs in as `person`, any number of times, until the server ends."""

    person: Person
    token: str


@dataclass(frozen=True, slots=True)
class DemoLinks:
    """The links of this run, by rising role. Known to this process alone: none is in the database."""

    links: tuple[DemoLink, ...] = ()

    def person(self, token: str) -> Person | None:
        """Whose link it is; None: nobody's."""
        found = [link.person for link in self.links if same(link.token, token)]
        return found[0] if found else None


async def open_demo(accounts: Accounts) -> DemoLinks:
    """Make the accounts that are missing, and new links for all of them."""
    people = [await _account_of(accounts, role) for role in ASSIGNABLE]
    return DemoLinks(tuple(DemoLink(person, new_token()) for person in people))


async def _account_of(accounts: Accounts, role: Role) -> Person:
    """The account that is named by its role; it has no password, so nobody can guess one."""
    try:
        return await accounts.named(role.key)
    except NotFoundError:
        return await accounts.create(role.key, role, None, "system", DISPLAY_NAMES[role])
