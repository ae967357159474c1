"""Whether a day may be compared with another, and what comes out. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from twin.panels.energy.figures import Balance

MOST_MISSING_H, MOST_MISSING_SHARE = 0.5, 0.1
"""No more of a span may be missing: of a whole day one reading, say, while the server was restarted."""


class ComparedEnergy(StrEnum):
    """What is compared: all that the venue used; where that is not known of both days, the grid's energy."""

    USED = "used"
    GRID = "grid"


class ComparisonRefusal(StrEnum):
    """Why two days are not compared."""

    UNKNOWN = "unknown"
    """Nothing was recorded of one of them."""
    GAP = "gap"
    """Too many hours of one are missing."""
    RESET = "reset"
    """A counter began anew or was replaced: what it had counted until then is not known."""
    ZERO = "zero"
    """The other day took nothing to compare with."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """By how much a day took more than another, as a `share` of the other; else the `refusal`, and whether it
    is the day itself that is at fault (`is_own`) or the other.
    """

    measure: ComparedEnergy
    share: float | None
    refusal: ComparisonRefusal | None = None
    is_own: bool = False


def compare(day: Balance, other: Balance) -> Comparison:
    """A day against another, both up to the same time by the clock."""
    is_used = day.used_kwh is not None and other.used_kwh is not None
    measure = ComparedEnergy.USED if is_used else ComparedEnergy.GRID
    for each, is_own in ((day, True), (other, False)):
        refusal = _refusal(each, measure)
        if refusal is not None:
            return Comparison(measure, None, refusal, is_own)
    whole = _kwh(other, measure) or 0.0
    if whole <= 0:
        return Comparison(measure, None, ComparisonRefusal.ZERO)
    return Comparison(measure, (_kwh(day, measure) or 0.0) / whole - 1.0)


def _kwh(of: Balance, measure: ComparedEnergy) -> float | None:
    return of.used_kwh if measure is ComparedEnergy.USED else of.grid.kwh


def _refusal(of: Balance, measure: ComparedEnergy) -> ComparisonRefusal | None:
    if _kwh(of, measure) is None:
        return ComparisonRefusal.UNKNOWN
    if of.missing_hours > min(MOST_MISSING_H, of.hours * MOST_MISSING_SHARE):
        return ComparisonRefusal.GAP
    resets = of.grid.resets + (of.generated.resets if measure is ComparedEnergy.USED else 0)
    return ComparisonRefusal.RESET if resets > 0 else None
