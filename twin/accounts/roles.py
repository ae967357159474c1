"""Roles, each with all that the one before may do."""

from enum import IntEnum


class Role(IntEnum):
    """What somebody may do, in rising order; the number is no part of any contract, the name is."""

    PUBLIC = 0  # nobody has signed in: health, the guide, the login page
    VISITOR = 1  # sees the guide with an account
    MEMBER = 2  # books, cancels, checks in
    OPERATOR = 3  # sees the live twin, acknowledges alarms, sends commands, handles work orders
    MANAGER = 4  # replays, reads reports and the audit, changes rules and bindings
    ADMIN = 5  # accounts and keys

    @property
    def key(self) -> str:
        """The name in API and database."""
        return self.name.lower()


ASSIGNABLE = tuple(role for role in Role if role is not Role.PUBLIC)


def role_of(key: str) -> Role:
    """The role of a name.

    Raises:
        ValueError: there is no such role to give to anybody.
    """
    for role in ASSIGNABLE:
        if role.key == key:
            return role
    raise ValueError(f"no role {key!r}; one of {', '.join(role.key for role in ASSIGNABLE)}")
