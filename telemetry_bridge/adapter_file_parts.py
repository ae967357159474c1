"""What the entries of `adapters.yaml` have in common: names, times, secrets, points, conversions. No I/O.

The settings are frozen dataclasses, which pydantic fills and checks when a file is read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, NamedTuple

from annotated_types import Ge, Gt, Le, MinLen
from pydantic import BeforeValidator, ConfigDict, StringConstraints

from telemetry_bridge.errors import AdapterError
from telemetry_bridge.points import Point
from telemetry_bridge.said import Said
from telemetry_bridge.yaml_lines import Path

#: Nothing beside the known keys, and no NaN: a slip is found when the file is read.
STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)

AdapterId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Text = Annotated[str, MinLen(1)]
EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Port = Annotated[int, Ge(1), Le(65535)]
Seconds = Annotated[float, Gt(0), Le(86_400)]
Count = Annotated[int, Ge(1)]


def state_key(value: Any) -> Any:
    """Turn YAML's truth values back into the words `on` and `off`, and numbers into texts."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value) if isinstance(value, int | float) else value


StateKey = Annotated[str, BeforeValidator(state_key)]


class PointRef(NamedTuple):
    """A point, by its device and its name in the device."""

    device: str
    point: str

    @property
    def key(self) -> str:
        """`device/point`."""
        return f"{self.device}/{self.point}"


@dataclass(frozen=True, slots=True)
class Conversion:
    """From what a protocol carries to a point's value: `raw * scale + offset`, or states by their numbers."""

    scale: float = 1.0
    offset: float = 0.0
    states: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))

    def read(self, raw: float) -> float | str:
        """Give the value as a reading has it: a number in the point's unit, or a state's key.

        Raises:
            ValueError: a number for which there is no state.
        """
        if not self.states:
            return raw * self.scale + self.offset
        if raw not in self.states:
            known = ", ".join(map(str, self.states))
            text = f"{raw:g} is none of the states {known}"
            raise ValueError(Said(text, "unknown_state", value=f"{raw:g}"))
        return self.states[int(raw)]

    def write(self, value: float, point: Point) -> float:
        """Give what the protocol has to carry for a point's value.

        Raises:
            ValueError: a state for which no number is listed.
        """
        if not self.states:
            return (value - self.offset) / self.scale
        key = point.states[int(value)].key if point.states else str(int(value))
        for raw, state in self.states.items():
            if state == key:
                return float(raw)
        raise ValueError(f"the states list no number for {key}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertedPoint:
    """How a point's value is made of what is read, as written; see `Conversion`."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    point: Text
    scale: float = 1.0
    offset: float = 0.0
    states: dict[int, StateKey] = field(default_factory=dict)
    writable: bool = False

    def conversion(self) -> Conversion:
        """Give the conversion."""
        return Conversion(self.scale, self.offset, MappingProxyType(dict(self.states)))

    def conversion_fault(self) -> str | None:
        """Say what is wrong with the conversion; None: nothing."""
        if self.scale == 0:
            return "scale: 0 makes every value the same"
        if self.states and (self.scale, self.offset) != (1.0, 0.0):
            return "states: they are not scaled; leave scale and offset out"
        if len(set(self.states.values())) < len(self.states) and self.writable:
            return "states: a writable point needs one number for each state"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterSettings:
    """What every adapter of the file has; each kind adds its own."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    id: AdapterId
    kind: str
    enabled: bool = True

    def refs(self) -> Iterator[tuple[PointRef, Path]]:
        """Give the points that it names, each with its place in the entry."""
        yield from ()

    def faults(self) -> Iterator[tuple[Path, str]]:
        """Give what does not fit together, each with its place in the entry."""
        yield from ()

    def asked_s(self) -> Iterator[tuple[PointRef, float]]:
        """Give the points that are asked for in a period of the file's own, with that period, s."""
        yield from ()


def secret_of(name: str | None, environment: Mapping[str, str]) -> str | None:
    """Read a secret from the environment; None where no name is given.

    Raises:
        AdapterError: there is no such variable, or it is empty.
    """
    if name is None:
        return None
    secret = environment.get(name, "")
    if not secret:
        text = f"the environment variable {name} is not set; it holds the secret"
        raise AdapterError(Said(text, "secret-missing", variable=name))
    return secret
