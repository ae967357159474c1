"""What can be measured and commanded: devices, their types, and the points numbered densely.

No I/O; `registry` reads the files.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

#: Separates device and point in a key, or means something in an MQTT topic (MQTT 5, 4.7.1).
FORBIDDEN_IN_ID = "/+#"
MAX_ID_LENGTH = 100
DEFAULT_PERIOD_S = 60.0


@dataclass(frozen=True, slots=True)
class Label:
    """A name in the two languages of the interface."""

    zh: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """One value of an enumeration; its number on the wire is its position in the list."""

    key: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class PointType:
    """One quantity that every device of a type has.

    `point_class` is a Brick class where Brick has one; `low`, `high` the engineering range in `unit`
    (-inf, inf: unlimited); `period_s` how often a healthy device reports.
    """

    name: str
    point_class: str = ""
    unit: str = "1"
    low: float = -np.inf
    high: float = np.inf
    states: tuple[State, ...] = ()
    writable: bool = False
    period_s: float = DEFAULT_PERIOD_S
    label: Label = Label()


@dataclass(frozen=True, slots=True)
class DeviceType:
    """What devices of one kind have in common."""

    id: str
    label: Label = Label()
    ifc_class: str = ""
    brick_class: str = ""
    points: tuple[PointType, ...] = ()


@dataclass(frozen=True, slots=True)
class Device:
    """A physical thing with its vendor's id; `guid` is the element it stands for, as far as the files say."""

    id: str
    type: str
    label: Label = Label()
    guid: str | None = None
    tag: str = ""
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Point:
    """One quantity of one device, with its number on the wire."""

    point_index: int
    device: str
    type: PointType

    @property
    def name(self) -> str:
        """Name within the device."""
        return self.type.name

    @property
    def key(self) -> str:
        """`device/point`."""
        return f"{self.device}/{self.type.name}"

    @property
    def point_class(self) -> str:
        """Brick class, or the venue's own."""
        return self.type.point_class

    @property
    def unit(self) -> str:
        """Unit of the value; `1`: a bare number or an enumeration."""
        return self.type.unit

    @property
    def range(self) -> tuple[float, float] | None:
        """Engineering range in `unit`, None: unlimited."""
        low, high = self.type.low, self.type.high
        return None if (low, high) == (-np.inf, np.inf) else (low, high)

    @property
    def states(self) -> tuple[State, ...]:
        """The enumeration, empty for a quantity."""
        return self.type.states

    @property
    def writable(self) -> bool:
        """Whether it takes commands."""
        return self.type.writable

    @property
    def period_s(self) -> float:
        """How often a healthy device reports, s."""
        return self.type.period_s


def id_fault(text: str) -> str | None:
    """Say what is wrong with a device id or a point name; None: nothing."""
    if not text or text != text.strip():
        return "is empty or has blanks around it"
    if len(text) > MAX_ID_LENGTH:
        return f"is longer than {MAX_ID_LENGTH} characters"
    if any(letter in FORBIDDEN_IN_ID or not letter.isprintable() for letter in text):
        return f"holds one of {' '.join(FORBIDDEN_IN_ID)} or an unprintable character"
    return None


class Registry:
    """All devices and points of a venue; never changes once made.

    Points are numbered 0..n-1 in ascending order of (device, name), so that the same files give the same
    numbers whatever the order of their rows.
    """

    def __init__(self, types: Iterable[DeviceType], devices: Iterable[Device]) -> None:
        """Number the points.

        Raises:
            ValueError: an id twice, or a device of an unknown type; whoever reads files has checked that.
        """
        self.types: Mapping[str, DeviceType] = MappingProxyType(_unique(types))
        self.devices: Mapping[str, Device] = MappingProxyType(
            _unique(sorted(devices, key=lambda device: device.id))
        )
        self.points: tuple[Point, ...] = tuple(self._numbered())
        self._index = {(point.device, point.name): point.point_index for point in self.points}

    def _numbered(self) -> Iterable[Point]:
        index = 0
        for device in self.devices.values():
            if device.type not in self.types:
                raise ValueError(f"device {device.id} has the unknown type {device.type}")
            for point_type in _by_name(self.types[device.type].points):
                yield Point(index, device.id, point_type)
                index += 1

    def __len__(self) -> int:
        return len(self.points)

    def find(self, device: str, point: str) -> Point | None:
        """Give the point, or None."""
        index = self._index.get((device, point))
        return None if index is None else self.points[index]

    def points_of(self, device: str) -> Sequence[Point]:
        """Give the points of a device by name; none for an unknown one."""
        found = self.devices.get(device)
        if found is None:
            return ()
        points = _by_name(self.types[found.type].points)
        return tuple(self.points[self._index[device, each.name]] for each in points)

    @cached_property
    def low(self) -> NDArray[np.float64]:
        """(n,) float64, lower end of each point's range in its unit."""
        return _column(point.type.low for point in self.points)

    @cached_property
    def high(self) -> NDArray[np.float64]:
        """(n,) float64, upper end of each point's range in its unit."""
        return _column(point.type.high for point in self.points)

    @cached_property
    def period_ms(self) -> NDArray[np.float64]:
        """(n,) float64, ms between two readings of a healthy device."""
        return _column(point.type.period_s * 1000.0 for point in self.points)

    @cached_property
    def hash(self) -> str:
        """12 hex digits that change whenever a point's number or meaning does."""
        types = {each.id: [asdict(point) for point in _by_name(each.points)] for each in self.types.values()}
        content = [sorted(types.items()), [(device.id, device.type) for device in self.devices.values()]]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()[:12]


T = TypeVar("T", DeviceType, Device)


def _unique(items: Iterable[T]) -> dict[str, T]:
    found: dict[str, T] = {}
    for item in items:
        if item.id in found:
            raise ValueError(f"id {item.id} is there twice")
        found[item.id] = item
    return found


def _by_name(points: Iterable[PointType]) -> list[PointType]:
    return sorted(points, key=lambda point: point.name)


def _column(values: Iterable[float]) -> NDArray[np.float64]:
    column = np.fromiter(values, dtype=np.float64)
    column.flags.writeable = False
    return column
