"""The simulated venue put together: from model, registry and staff's data to a value for every point."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spatial.errors import UnknownPlaceError
from spatial.model import Space
from spatial.package import ModelPackage
from telemetry_bridge.points import Point, Registry
from twin.simulation.equipment import Equipment
from twin.simulation.instruments import COUNTERS, Reader, reader_of
from twin.simulation.opening import Opening, opening_of, second_of_day
from twin.simulation.programme import Programme, Session
from twin.simulation.reporting import Reporting
from twin.simulation.weather import Climate
from twin.simulation.world import SpaceInfo, World
from twin.venue import DAYS, Booking, Venue

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STEP_S = 10.0
MAX_STEPS = 30  # at high speed steps grow, so that one call stays short
DEFAULT_HOURS = [("08:00", "22:00")]
DEFAULT_LOCATION = (24.49, 118.11)
SPEAKING_WHEN_BROKEN = frozenset({"status", "online"})

#: Points whose command sets the device's share of full power; others set something else or are only kept.
_RUN_COMMANDS = frozenset(
    {"On_Off_Command", "On_Off_Status", "Lighting_Level_Command", "Luminance_Command", "Frequency_Command",
     "Damper_Position_Command", "Fan_Speed_Command", "Venue_Lock_Command"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Group:
    """Points with one reader: their indices and their devices' positions."""

    reader: Reader
    points: Ints
    devices: Ints


class Simulation:
    """A seeded venue at a time; `advance` moves it on, `report` says what devices send."""

    def __init__(
        self, registry: Registry, package: ModelPackage, venue: Venue, start_ms: float, seed: int
    ) -> None:
        """The same arguments give the same venue."""
        self.registry = registry
        spaces = package.spaces
        position = {space.element_index: i for i, space in enumerate(spaces)}
        self.world = World(
            space_infos(package), climate_of(venue, seed), opening_hours(venue),
            programme_of(venue, spaces), start_ms,
        )  # fmt: skip
        self.equipment = Equipment(registry, self.world, device_spaces(registry, package, position))
        self._device_position = {device: i for i, device in enumerate(registry.devices)}
        self._groups = tuple(self._grouped())
        self._reporting = Reporting(registry, seed)
        self._kept: dict[int, float] = {}
        self._shown: Floats | None = None
        device_of_point = [self._device_position[point.device] for point in registry.points]
        self._device_of_point = np.array(device_of_point, dtype=np.int64)
        self._speaks = np.array(
            [point.name in SPEAKING_WHEN_BROKEN for point in registry.points], dtype=np.bool_
        )

    def _grouped(self) -> list[Group]:
        """Points gathered by reader, so that each reader runs once for all of its points."""
        by_class: dict[str, list[Point]] = {}
        for point in self.registry.points:
            by_class.setdefault(f"{point.point_class}|{point.range}|{bool(point.states)}", []).append(point)
        return [
            Group(
                reader_of(points[0]),
                np.array([point.point_index for point in points], dtype=np.int64),
                np.array([self._device_position[point.device] for point in points], dtype=np.int64),
            )
            for points in by_class.values()
        ]

    def advance(self, time_ms: float) -> None:
        """Move everything on to `time_ms`; a clock that went back leaves the world where it is."""
        gone_s = (time_ms - self.world.time_ms) / 1000.0
        if gone_s <= 0:
            return
        self.world.advance(time_ms, max(STEP_S, gone_s / MAX_STEPS))
        self.equipment.advance(gone_s)

    def values(self) -> Floats:
        """What every point shows, `(points,)` in its unit; NaN where a broken device says nothing."""
        values = np.full(len(self.registry), np.nan)
        for group in self._groups:
            values[group.points] = group.reader(self.equipment, group.devices)
        for point_index, value in self._kept.items():
            values[point_index] = value
        values = np.clip(values, self.registry.low, self.registry.high)
        silent = self.equipment.broken[self._device_of_point] & ~self._speaks
        return np.where(silent, np.nan, values)

    @property
    def shown(self) -> Floats:
        """What the points, `(points,)`, showed when they were last asked, commands since then included."""
        if self._shown is None:
            self._shown = self.values()
        return self._shown

    def report(self) -> tuple[Ints, Floats]:
        """The points that send now and their values, `(k,)` each."""
        values = self._shown = self.values()
        points = self._reporting.due(values, self.world.time_ms)
        return points, values[points]

    def resume(self, shown: Floats) -> None:
        """Let every counter go on from what it showed last, `(points,)`; NaN where nothing is known."""
        for point in self.registry.points:
            counter = COUNTERS.get(point.point_class)
            if counter is not None:
                device = np.array([self._device_position[point.device]])
                self.equipment.resume(counter, device, shown[[point.point_index]])

    def order(self, point: Point, value: float) -> None:
        """Let a device follow a command; a fault does not, and its report will say so."""
        device = self._device_position[point.device]
        if point.point_class in _RUN_COMMANDS:
            full = point.range[1] if point.range else 1.0
            self.equipment.level[device] = float(np.clip(value / max(full, 1e-9), 0.0, 1.0))
        elif point.point_class == "Venue_Storage_Power_Setpoint":
            rated = max(float(self.equipment.capacity_kw[device]), 1.0)
            self.equipment.level[device] = float(np.clip(value / rated, -1.0, 1.0))
        elif point.point_class == "Zone_Air_Temperature_Setpoint" and self.equipment.space[device] >= 0:
            self.world.ordered_setpoint[self.equipment.space[device]] = value
        else:
            self._kept[point.point_index] = value
        self.equipment.advance(0.0)
        self._shown = None


def space_infos(package: ModelPackage) -> list[SpaceInfo]:
    """The package's spaces as the simulation needs them, in the package's order."""
    top = max((space.floor_z_m for space in package.spaces), default=0.0)
    return [
        SpaceInfo(
            guid=space.guid,
            function=space.function,
            name=space.name,
            long_name=space.long_name or space.name_en,
            area_m2=space.area_m2,
            height_m=space.height_m,
            top_storey=space.floor_z_m > top - 1.0,
        )
        for space in package.spaces
    ]


def climate_of(venue: Venue, seed: int) -> Climate:
    """The sky over the venue; over Xiamen where neither its staff nor its model says where it is."""
    if venue.info.location is None:
        return Climate(*DEFAULT_LOCATION, seed)
    return Climate(venue.info.location.latitude, venue.info.location.longitude, seed)


def opening_hours(venue: Venue) -> Opening:
    """The venue's opening hours; eight to ten where its staff has not written any."""
    written = {str(day): spans for day, spans in venue.info.opening_hours.items()}
    default = [] if written else DEFAULT_HOURS
    return opening_of(venue.zone, [written.get(day, default) for day in DAYS])


def programme_of(venue: Venue, spaces: tuple[Space, ...]) -> Programme:
    """The staff's programme on the model's spaces; entries for spaces that the model lacks are left out."""
    position = {space.name: i for i, space in enumerate(spaces)}
    sessions = [
        _session(entry, position[entry.space]) for entry in venue.programme if entry.space in position
    ]
    return Programme(tuple(sessions), len(spaces))


def _session(entry: Booking, space: int) -> Session:
    return Session(
        space=space,
        days=frozenset(DAYS.index(day) for day in entry.days),
        start_s=second_of_day(entry.start),
        end_s=second_of_day(entry.end),
        people=entry.people,
        title=entry.title.zh,
    )


def device_spaces(registry: Registry, package: ModelPackage, position: Mapping[int, int]) -> dict[str, int]:
    """Position of each device's space: what it `serves`, else its `space`, else where its element is."""
    by_name = {space.name: position[space.element_index] for space in package.spaces}
    found: dict[str, int] = {}
    for device in registry.devices.values():
        serves = device.attributes.get("serves", "").split(";")[0]
        served = by_name.get(serves, by_name.get(device.attributes.get("space", "")))
        where = _space_of_element(device.guid, package, position) if served is None else served
        if where is not None:
            found[device.id] = where
    return found


def _space_of_element(guid: str | None, package: ModelPackage, position: Mapping[int, int]) -> int | None:
    """The space that an element is or is in, by its position; None: none, or no such element."""
    if guid is None:
        return None
    try:
        element_index = package.element(guid).element_index
    except UnknownPlaceError:
        return None
    held = position.get(int(package.columns.space[element_index]))
    return position.get(element_index, held)
