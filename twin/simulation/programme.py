"""The week's bookings, classes and shows: who is in which room because it says so in the programme."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ARRIVE_S = 12 * 60.0  # the first come this long before the start
LINGER_S = 30 * 60.0  # nobody who booked is still there so long after the end
LEAVE_S = 8 * 60.0  # the last are gone this long after the end


@dataclass(frozen=True, slots=True)
class Session:
    """One entry of the programme: a space (its position in the simulation) used on weekdays 0 (Monday)..6."""

    space: int
    days: frozenset[int]
    start_s: float  # s of the local day
    end_s: float
    people: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """People who have booked a space, by its IFC Name, for a time: ms since 1970 UTC."""

    space: str
    start_ms: float
    end_ms: float
    people: int


@dataclass(slots=True)
class Visits:
    """Who is expected besides the programme; replaced whole as bookings come and go."""

    expected: tuple[Visit, ...] = ()

    def people_at(self, time_ms: float, names: Sequence[str]) -> Floats:
        """People of bookings in each of the named spaces, `(spaces,)`."""
        present: dict[str, float] = {}
        for visit in self.expected:
            length_s, gone_s = (visit.end_ms - visit.start_ms) / 1000.0, (time_ms - visit.start_ms) / 1000.0
            share = _presence(Session(0, frozenset(), 0.0, length_s, visit.people), gone_s)
            present[visit.space] = present.get(visit.space, 0.0) + share * visit.people
        return np.array([present.get(name, 0.0) for name in names])

    def near(self, time_ms: float, names: Sequence[str]) -> NDArray[np.bool_]:
        """Whether a booking of each of the named spaces is under way or just over, `(spaces,)`."""
        used = {
            visit.space
            for visit in self.expected
            if visit.start_ms - ARRIVE_S * 1000.0 <= time_ms < visit.end_ms + LINGER_S * 1000.0
        }
        return np.array([name in used for name in names], dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Programme:
    """Sessions over `spaces` spaces, and the bookings that people make."""

    sessions: tuple[Session, ...]
    spaces: int
    visits: Visits = field(default_factory=Visits)

    def people_at(self, local_s: float) -> Floats:
        """People booked into each space, `(spaces,)`; NaN where the programme says nothing all day."""
        booked = np.full(self.spaces, np.nan)
        day, second = int(local_s // 86400), local_s % 86400.0
        for session in self.sessions:
            if (day + 3) % 7 in session.days:
                presence = _presence(session, second)
                booked[session.space] = np.nansum([booked[session.space], presence * session.people])
        return booked

    def in_use(self, local_s: float, lead_s: float = 300.0) -> NDArray[np.bool_]:
        """Spaces with a session now, or starting within `lead_s` seconds, `(spaces,)`."""
        used = np.zeros(self.spaces, dtype=np.bool_)
        day, second = int(local_s // 86400), local_s % 86400.0
        for session in self.sessions:
            if (day + 3) % 7 in session.days and session.start_s - lead_s <= second < session.end_s:
                used[session.space] = True
        return used


def _presence(session: Session, second: float) -> float:
    """Share of the session's people who are there: they trickle in before the start and out after the end."""
    before, after = session.start_s - ARRIVE_S, session.end_s + LEAVE_S
    points = (before, session.start_s + 5 * 60, session.end_s - 3 * 60, after)
    return float(np.interp(second, points, (0.0, 0.95, 0.95, 0.0)))
