"""Sessions of the film: who is in them sees what the driver shows. The rules are in `review.py`."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any, Protocol

import orjson

from telemetry_bridge.hub import CLOSE_GOING_AWAY
from twin.film.review import Member, Review, ReviewError
from twin.film.seat import SESSION, VIEW, Seat
from twin.film.showing import Showing

MAX_SESSIONS = 50
#: Never seen by anybody else, so that nobody comes who was not asked to.
SECRET_BYTES = 16
PLACE_BYTES = 4


class Guest(Protocol):
    """A viewer, as sessions see it."""

    @property
    def seat(self) -> Seat:
        """What it is told."""

    def watch(self, showing: Showing) -> None:
        """See this player from now on, and no other."""


class Session:
    """One session and the player that it shares."""

    def __init__(
        self, review: Review, showing: Showing, now_s: Callable[[], float], ended: Callable[["Session"], None]
    ) -> None:
        self.showing, self._review = showing, review
        self._now_s, self._ended = now_s, ended
        self._guests: dict[Member, Guest] = {}
        self._view: str | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def id(self) -> str:
        """By which others join."""
        return self._review.id

    def join(self, guest: Guest, name: str, ticket: str | None) -> Member:
        """A viewer comes, or comes back with a ticket. ReviewError: it is full."""
        member = self._review.join(name, ticket, self._now_s())
        before = self._guests.pop(member, None)
        if before is not None:
            before.seat.close(CLOSE_GOING_AWAY, "this viewer has come back by another connection")
        self._guests[member] = guest
        self._settled()
        self._show(member)
        return member

    def lose(self, member: Member, guest: Guest) -> None:
        """A connection broke; nothing if its viewer has come back by another one."""
        if self._guests.get(member) is guest:
            del self._guests[member]
            self._review.lose(member, self._now_s())
            self._settled()

    def leave(self, member: Member) -> None:
        """Somebody looks around alone; to be followed by `watch` of another player."""
        self._review.leave(member, self._now_s())
        self._settled()

    def come_back(self, member: Member) -> None:
        """Somebody follows again."""
        self._review.come_back(member, self._now_s())
        self._settled()
        self._show(member)

    def quit(self, member: Member) -> None:
        """Somebody has done with it."""
        self._guests.pop(member, None)
        self._review.quit(member, self._now_s())
        self._settled()

    def hand(self, member: Member, to: str) -> None:
        """Let another drive. ReviewError: that cannot be."""
        self._review.hand(member, to)
        self._settled()

    def check_driver(self, member: Member) -> None:
        """Raise ReviewError where somebody else moves the film."""
        if member is not self._review.driver:
            raise ReviewError(
                f"only the driver moves the film ({self._review.driver_name}); leave, to look around alone"
            )

    def look(self, member: Member, view: dict[str, Any]) -> None:
        """Where the driver looks; of others it is nobody's concern."""
        if member is self._review.driver:
            self._view = _json({"type": VIEW, "driver": member.id, "view": view})
            for other, guest in self._guests.items():
                if other is not member and other.follows:
                    guest.seat.tell(VIEW, self._view)

    def _show(self, member: Member) -> None:
        guest = self._guests[member]
        guest.watch(self.showing)
        if self._view is not None and member is not self._review.driver:
            guest.seat.tell(VIEW, self._view)

    def _settled(self) -> None:
        """Tell everybody how things stand, and see to it that time is heeded."""
        if self._review.driver is None:
            self.showing.pause()
        for member, guest in self._guests.items():
            guest.seat.tell(SESSION, _json(self._review.told(member)))
        self.end_timer()
        if not tuple(self._review):
            self._ended(self)
            return
        next_s = self._review.next_s
        if next_s is not None:
            self._timer = asyncio.get_running_loop().call_later(max(next_s - self._now_s(), 0.0), self._heed)

    def _heed(self) -> None:
        self._review.settle(self._now_s())
        self._settled()

    def end_timer(self) -> None:
        """Heed time no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Sessions:
    """The sessions of one server. Ids begin with the server's own mark, so that it knows those of others."""

    def __init__(self, now_s: Callable[[], float], ended: Callable[[Showing], None]) -> None:
        self._now_s, self._ended = now_s, ended
        self._mark = secrets.token_hex(PLACE_BYTES)
        self._sessions: dict[str, Session] = {}

    def host(self, showing: Showing) -> Session:
        """Begin a session over a player. ReviewError: there are too many."""
        if len(self._sessions) >= MAX_SESSIONS:
            raise ReviewError(f"this server has {MAX_SESSIONS} sessions already")
        review = Review(f"{self._mark}.{secrets.token_urlsafe(SECRET_BYTES)}")
        session = self._sessions[review.id] = Session(review, showing, self._now_s, self._end)
        return session

    def find(self, id_: str) -> Session:
        """The session of an id. ReviewError: there is none here; it says where it may be."""
        found = self._sessions.get(id_)
        if found is not None:
            return found
        if id_.partition(".")[0] == self._mark:
            raise ReviewError("this session has ended", "session_ended")
        raise ReviewError(
            "this server has no such session: it is on another server, or was before a restart;"
            " open it on the server of whoever shares it",
            "session_elsewhere",
        )

    def close(self) -> None:
        """End all of them."""
        for session in self._sessions.values():
            session.end_timer()
        self._sessions.clear()

    def _end(self, session: Session) -> None:
        if self._sessions.pop(session.id, None) is not None:
            self._ended(session.showing)


def _json(message: dict[str, Any]) -> str:
    return orjson.dumps(message).decode()
