"""Which points count, and when a counter began anew. Pure; used by compiled loops too."""

from enum import StrEnum
from typing import Any, Final

from twin.film.described import PastPoint

#: Brick classes that count, and the venue's own; others are known by their endings.
COUNTING: Final = frozenset(
    {
        "Energy_Sensor",
        "Energy_Generation_Sensor",
        "Energy_Usage_Sensor",
        "Usage_Sensor",
        "Run_Time_Sensor",
        "Venue_Passage_Count_Sensor",
        "Venue_Session_Count_Sensor",
        "Venue_Cleaned_Area_Sensor",
    }
)
ENDINGS: Final = ("_Energy_Sensor", "_Usage_Sensor", "_Energy_Generation_Sensor", "_Run_Time_Sensor")
#: A share is no count, whatever its class is called.
SHARE_UNIT: Final = "%"


class PointKind(StrEnum):
    """What can be summed of a point."""

    GAUGE = "gauge"
    COUNTER = "counter"
    STATE = "state"


def kind_of(point: PastPoint) -> PointKind:
    """What a point is, by its states and class."""
    if point.states:
        return PointKind.STATE
    return PointKind.COUNTER if is_counter(point.point_class, point.unit) else PointKind.GAUGE


def is_counter(point_class: str, unit: str) -> bool:
    """Whether points of a class count up for ever: energy, water, passages."""
    return unit != SHARE_UNIT and (point_class in COUNTING or point_class.endswith(ENDINGS))


def began_anew(before: Any, after: Any) -> Any:
    """Whether a counter that read `before` and then `after` began anew at zero in between, numbers or arrays.

    It counted then what it shows now; what it had counted until then and not shown is not known.
    """
    return after < before
