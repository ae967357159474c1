"""`energy.yaml` of the venue folder: what a kilowatt-hour emits and costs."""

from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from twin.errors import VenueError
from twin.venue import Venue, VenueModel

FILE = "energy.yaml"


class EmissionFactor(VenueModel):
    """What a kilowatt-hour from the grid emits, and who says so."""

    kgco2e_per_kwh: float = Field(ge=0)
    source: str = Field(min_length=1)


class Tariff(VenueModel):
    """What a kilowatt-hour from the grid costs, the same at all times, and who says so."""

    currency: str = Field(pattern=r"^[A-Z]{3}$")
    per_kwh: float = Field(ge=0)
    source: str = Field(min_length=1)


class EnergyInfo(VenueModel):
    """`energy.yaml`; what is left out is not reckoned."""

    emission_factor: EmissionFactor | None = None
    tariff: Tariff | None = None


def load_energy(venue: Venue) -> EnergyInfo:
    """Read the file; all unknown where there is none. VenueError names every fault."""
    path = None if venue.folder is None else venue.folder / FILE
    if path is None or not path.is_file():
        return EnergyInfo()
    try:
        return EnergyInfo.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as error:
        raise VenueError(
            str(venue.folder), [f"{FILE}: cannot be read: {' '.join(str(error).split())}"]
        ) from error
    except ValidationError as error:
        raise VenueError(str(venue.folder), list(_faults(path, error))) from error


def _faults(path: Path, error: ValidationError) -> list[str]:
    return [
        f"{path.name}: {'.'.join(str(part) for part in item['loc'])}: {item['msg']}".replace(": : ", ": ")
        for item in error.errors()
    ]
