"""A session in which several see what one of them, the driver, shows: who is in it, and who drives. Pure.

Whoever drives may go for a moment, as when a connection breaks: for `GRACE_S` the wheel is kept. Then it goes
to who has followed the longest; where nobody follows, the player is to stand still until somebody does.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

GRACE_S = 10.0
MAX_MEMBERS = 30
SECRET_BYTES = 16


class ReviewError(Exception):
    """What somebody of a session asked for and may not have; the text is for people, `code` for programs."""

    def __init__(self, message: str, code: str = "session") -> None:
        self.code = code
        super().__init__(message)


@dataclass(slots=True, eq=False)
class Member:
    """Somebody of a session. `ticket` is known to them alone: by it they come back. `here`: connected;
    `follows`: sees what the driver shows; `away_s`: since when it is not both, in monotonic seconds.
    """

    id: str
    name: str
    ticket: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(SECRET_BYTES))
    here: bool = True
    follows: bool = True
    away_s: float = 0.0

    @property
    def can_drive(self) -> bool:
        """Whether it sees what it would drive."""
        return self.here and self.follows


class Review:
    """One session; times are monotonic seconds."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        self.driver: Member | None = None
        self._members: dict[str, Member] = {}
        self._count = 0

    def __iter__(self) -> Iterator[Member]:
        return iter(self._members.values())

    def join(self, name: str, ticket: str | None, now_s: float) -> Member:
        """Somebody comes, or comes back with a ticket. ReviewError: it is full."""
        member = next((each for each in self if ticket is not None and each.ticket == ticket), None)
        if member is None:
            if len(self._members) >= MAX_MEMBERS:
                raise ReviewError(f"{MAX_MEMBERS} people are in this session already", "session_full")
            self._count += 1
            member = Member(f"p{self._count}", name)
            self._members[member.id] = member
        member.here = member.follows = True
        self.settle(now_s)
        return member

    def lose(self, member: Member, now_s: float) -> None:
        """A connection broke."""
        member.here, member.away_s = False, now_s
        self.settle(now_s)

    def leave(self, member: Member, now_s: float) -> None:
        """Somebody looks around alone."""
        if member.follows:
            member.follows, member.away_s = False, now_s
        self.settle(now_s)

    def come_back(self, member: Member, now_s: float) -> None:
        """Somebody follows again."""
        member.follows = True
        self.settle(now_s)

    def quit(self, member: Member, now_s: float) -> None:
        """Somebody has done with it; who drove hands over by that."""
        self._members.pop(member.id, None)
        member.here = member.follows = False
        if self.driver is member:
            self.driver = None
        self.settle(now_s)

    def hand(self, member: Member, to: str) -> None:
        """Let another drive. ReviewError: that cannot be."""
        other = self._members.get(to)
        if self.driver is not member:
            raise ReviewError(f"only the driver hands over; that is {self.driver_name}")
        if other is None or not other.can_drive:
            raise ReviewError("there is nobody of that id who follows now")
        self.driver = other

    @property
    def driver_name(self) -> str:
        """Who drives, for people."""
        return "nobody now" if self.driver is None else self.driver.name

    def settle(self, now_s: float) -> bool:
        """Do what time has brought: who is away for too long is gone, and drives no more; say if so."""
        before = self.driver, len(self._members)
        for member in tuple(self):
            if not member.here and now_s - member.away_s >= GRACE_S:
                del self._members[member.id]
                member.follows = False
        driver = self.driver
        if driver is not None and not driver.can_drive and now_s - driver.away_s >= GRACE_S:
            self.driver = None
        if self.driver is None:
            self.driver = next((each for each in self if each.can_drive), None)
        return (self.driver, len(self._members)) != before

    @property
    def next_s(self) -> float | None:
        """When to settle next; None: when something happens."""
        waits = [each.away_s for each in self if not each.here]
        if self.driver is not None and not self.driver.can_drive:
            waits.append(self.driver.away_s)
        return min(waits) + GRACE_S if waits else None

    def told(self, member: Member) -> dict[str, Any]:
        """What a member knows of the session."""
        return {
            "type": "session",
            "id": self.id,
            "you": member.id,
            "ticket": member.ticket,
            "driver": None if self.driver is None else self.driver.id,
            "following": member.follows,
            "participants": [
                {"id": each.id, "name": each.name, "here": each.here, "following": each.follows}
                for each in self
            ],
        }
