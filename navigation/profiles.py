"""Who walks: speeds, what costs them time, and what they cannot pass."""

from __future__ import annotations

from dataclasses import dataclass

from navigation.errors import ProfileError

CLEAR_DOOR_M = 0.80  # GB 50763-2012, 3.5.3: clear width of an accessible door


@dataclass(frozen=True, slots=True)
class Profile:
    """A way of moving: m/s and s. Walking about 1.2 m/s on the flat and half of it on stairs along the slope
    (Fruin, Pedestrian Planning and Design, 1971); a wheelchair 0.8 m/s.

    `turn_s` is paid at each corner that a way bends round, so that of two ways of like length the straighter
    wins; `intrude_s` on the way into and out of a room that one does not walk through, a café or an office.
    Neither is part of a route's duration.
    """

    name: str
    walk_m_s: float
    stair_m_s: float = 0.6
    ramp_m_s: float = 0.9
    lift_m_s: float = 1.0
    lift_wait_s: float = 30.0
    lift_doors_s: float = 8.0
    door_s: float = 1.5
    heavy_door_s: float = 3.0
    turn_s: float = 0.3
    intrude_s: float = 8.0
    step_free: bool = False


WALK = Profile("walk", walk_m_s=1.2)
STEP_FREE = Profile("step_free", walk_m_s=0.8, ramp_m_s=0.7, door_s=4.0, heavy_door_s=40.0, step_free=True)
EVACUATE = Profile("evacuate", walk_m_s=1.2, lift_wait_s=float("inf"))
"""Everybody out on foot: lifts are not used in a fire."""
PROFILES = {profile.name: profile for profile in (WALK, STEP_FREE)}


def profile_named(name: str) -> Profile:
    """The profile of a name. Raises ProfileError."""
    try:
        return PROFILES[name]
    except KeyError:
        raise ProfileError(f"no profile {name!r}; there are {', '.join(PROFILES)}") from None
