"""Navigation in a running twin: what the venue's staff knows of its doors, and which are locked now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from navigation.model import Label, Overlay, PointOfInterest
from navigation.navigator import Navigator
from spatial.model import Element
from spatial.package import ModelPackage
from telemetry_bridge.live import LiveState
from telemetry_bridge.points import Device, Point, Registry
from telemetry_bridge.wire import Quality
from twin.bound import BoundDevices
from twin.runtime import Twin
from twin.venue import Venue

LOG = structlog.get_logger(__name__)

LOCK_CLASS = "Venue_Lock_Status"
LOCKED_KEY = "locked"
NEAR_DOOR_M = 1.5  # a lock whose door nobody wrote down belongs to the nearest one
STOREY_M = 3.0


class _Tagged(BaseModel):
    model_config = ConfigDict(extra="allow")

    doors: list[str] = []
    lifts: list[str] = []


class _Lift(BaseModel):
    model_config = ConfigDict(extra="allow")

    tag: str


class AccessibleRoutes(BaseModel):
    """What navigation reads of ``accessible_routes.yaml``; elements are named by their Tag, or by Name."""

    model_config = ConfigDict(extra="allow")

    entrances: _Tagged = _Tagged()
    heavy_doors: _Tagged = _Tagged()
    not_accessible: _Tagged = _Tagged()
    not_for_visitors: _Tagged = _Tagged()
    lifts: list[_Lift] | None = Field(default=None)
    ramps: list[str] | None = None


def open_navigator(package: ModelPackage, venue: Venue) -> Navigator:
    """The navigator of a package, with the venue's points of interest and its word on doors and lifts."""
    pois = [
        PointOfInterest(poi.id, Label(poi.name.zh, poi.name.en), poi.space, poi.position)
        for poi in venue.pois
    ]
    return Navigator.of(package, pois, overlay_of(package, venue.accessible_routes))


def overlay_of(package: ModelPackage, routes: Any) -> Overlay:
    """``accessible_routes.yaml`` as navigation takes it; a file it cannot read is told in the log, not used.

    Where lifts or ramps are listed, those that are not are closed to a wheelchair.
    """
    try:
        told = AccessibleRoutes.model_validate(routes or {})
    except ValidationError as error:
        LOG.warning("accessible_routes.yaml is not used for routes", fault=str(error.errors()[0]["msg"]))
        return Overlay()
    found = _Elements(package)
    lifts = None if told.lifts is None else found.indices(lift.tag for lift in told.lifts)
    ramps = None if told.ramps is None else found.indices(told.ramps)
    return Overlay(
        private=found.indices([*told.not_for_visitors.doors, *told.not_for_visitors.lifts]),
        heavy=found.indices(told.heavy_doors.doors),
        barred=found.indices([*told.not_accessible.doors, *told.not_accessible.lifts])
        | found.others("lift", lifts)
        | found.others("ramp", ramps),
        accessible=found.indices(told.entrances.doors) | (ramps or frozenset()),
    )


class _Elements:
    """A package's elements by what the staff calls them."""

    def __init__(self, package: ModelPackage) -> None:
        self._package = package
        self._portals: dict[str, set[int]] = {}
        for portal in package.portals:
            if portal.element_index is not None:
                self._portals.setdefault(portal.kind, set()).add(portal.element_index)

    def indices(self, names: Iterable[str]) -> frozenset[int]:
        return frozenset(index for name in names for index in self._called(name))

    def others(self, kind: str, listed: frozenset[int] | None) -> frozenset[int]:
        """The portals of a kind that a list leaves out; none without a list."""
        return frozenset() if listed is None else frozenset(self._portals.get(kind, set()) - listed)

    def _called(self, name: str) -> Iterator[int]:
        tagged = self._package.elements_by_tag(name)
        if tagged:
            yield from (element.element_index for element in tagged)
            return
        known = sorted(set().union(*self._portals.values()) if self._portals else set())
        for element in self._package.elements_at(known):
            if name in (element.name, element.long_name):
                yield element.element_index


@dataclass(frozen=True, slots=True)
class DoorLocks:
    """Which points say that which doors are locked: columns of one length.

    `points` are point indices, `doors` element indices, `locked` the value that means locked.
    """

    points: NDArray[np.int64]
    doors: NDArray[np.int64]
    locked: NDArray[np.float64]

    def closed(self, live: LiveState) -> frozenset[int]:
        """The doors that are locked now; a bad sample says nothing, a silent lock what it last said."""
        value, quality = live.value[self.points], live.quality[self.points]
        shut = (value == self.locked) & (quality != Quality.BAD)
        return frozenset(self.doors[shut].tolist())


def door_locks(package: ModelPackage, registry: Registry, bound: BoundDevices) -> DoorLocks:
    """Find the door of every lock: by its attribute `door` (a Tag), else the bound door, else the nearest."""
    nearest = _DoorFinder(package)
    rows: list[tuple[int, int, float]] = []
    for point in registry.points:
        if point.point_class != LOCK_CLASS:
            continue
        door = _door_of(package, registry.devices[point.device], bound.element_of, nearest)
        if door is not None:
            rows.append((point.point_index, door, _locked_value(point)))
    columns = np.array(rows, dtype=np.float64).reshape(-1, 3)
    return DoorLocks(columns[:, 0].astype(np.int64), columns[:, 1].astype(np.int64), columns[:, 2])


def _locked_value(point: Point) -> float:
    keys = [state.key for state in point.states]
    return float(keys.index(LOCKED_KEY)) if LOCKED_KEY in keys else 0.0


def _door_of(
    package: ModelPackage, device: Device, element_of: Mapping[str, Element], nearest: _DoorFinder
) -> int | None:
    tag = device.attributes.get("door", "")
    for element in package.elements_by_tag(tag) if tag else ():
        if element.element_index in nearest.doors:
            return element.element_index
    bound = element_of.get(device.id)
    if bound is None:
        return None
    return bound.element_index if bound.element_index in nearest.doors else nearest.near(bound)


class _DoorFinder:
    """The doors of a package, and the one nearest to an element."""

    def __init__(self, package: ModelPackage) -> None:
        doors = [each for each in package.portals if each.kind == "door" and each.element_index is not None]
        self.doors = {portal.element_index for portal in doors}
        self._indices = [portal.element_index for portal in doors]
        self._middles = np.array([np.add(portal.a, portal.b) / 2 for portal in doors]).reshape(-1, 3)

    def near(self, element: Element) -> int | None:
        if element.box is None or not self._indices:
            return None
        box = np.array(element.box)
        away = np.abs(self._middles - (box[:3] + box[3:]) / 2)
        flat = np.hypot(away[:, 0], away[:, 1]) + np.where(away[:, 2] <= STOREY_M, 0.0, np.inf)
        best = int(np.argmin(flat))
        return self._indices[best] if flat[best] <= NEAR_DOOR_M else None


def navigator_of(twin: Twin) -> Navigator:
    """The navigator of a twin, built at the first question."""
    return twin.cached("navigator", lambda: open_navigator(twin.package, twin.venue))


def closed_doors(twin: Twin) -> frozenset[int]:
    """The doors (element_index) that are locked now. Bindings may change: the table goes with them."""
    bound = twin.bound
    kept: dict[str, tuple[BoundDevices, DoorLocks]] = twin.cached("door_locks", dict)
    found = kept.get("newest")
    if found is None or found[0] is not bound:
        found = kept["newest"] = (bound, door_locks(twin.package, twin.registry, bound))
    return found[1].closed(twin.bridge.live)
