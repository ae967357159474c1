"""`interlocks.yaml`: what a venue lets nobody command, or not everybody. Read as a whole, faults by line."""

import math
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from telemetry_bridge.points import Label
from twin.accounts.roles import role_of
from twin.control.interlocks import Interlock
from twin.listed_yaml import Texts, load_listed, parse_listed
from twin.venue import LooseName, Name

FILE = "interlocks.yaml"


class _Match(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    device: Texts = ()
    device_type: Texts = ()
    point: Texts = ()
    point_class: Texts = ()

    @model_validator(mode="after")
    def _not_everything(self) -> Self:
        if not (self.device or self.device_type or self.point or self.point_class):
            raise ValueError("give device, device_type, point or point_class: it would mean every point")
        return self


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    name: LooseName = Name()
    match: _Match
    role: Literal["operator", "manager", "admin"] | None = None
    range: tuple[float | None, float | None] | None = None
    in_maintenance: bool = False
    during: Literal["booked", "in_use"] | None = Field(default=None, alias="while")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.role is None and self.range is None and not self.in_maintenance and self.during is None:
            raise ValueError("give role, range, while or in_maintenance: true; it forbids nothing otherwise")
        if self.in_maintenance and self.during is not None:
            raise ValueError("while and in_maintenance do not go together: write two interlocks")
        low, high = self.bounds()
        if not low <= high:
            raise ValueError(f"range: {low:g} is above {high:g}")
        return self

    def bounds(self) -> tuple[float, float]:
        """The range, open ends as infinities."""
        low, high = self.range or (None, None)
        return -math.inf if low is None else low, math.inf if high is None else high

    def interlock(self) -> Interlock:
        """The interlock as the rest of the program holds it."""
        low, high = self.bounds()
        return Interlock(
            self.id,
            Label(self.name.zh, self.name.en),
            devices=self.match.device,
            types=self.match.device_type,
            points=self.match.point,
            point_classes=self.match.point_class,
            role=None if self.role is None else role_of(self.role),
            low=low,
            high=high,
            in_maintenance=self.in_maintenance,
            during=self.during,
        )


_ENTRIES = TypeAdapter(list[_Entry])


def load_interlocks(folder: Path | None) -> tuple[Interlock, ...]:
    """The interlocks of a venue folder; none without the file. Raises VenueError with every fault."""
    entries = load_listed(folder, FILE, "interlocks", _ENTRIES)
    return tuple(each.interlock() for each in entries or ())


def parse_interlocks(text: str) -> tuple[Interlock, ...]:
    """Read `interlocks.yaml`. Raises RegistryError with every fault and its line."""
    return tuple(each.interlock() for each in parse_listed(text, FILE, "interlocks", _ENTRIES))
