"""Devices, points and what they read now, as the API answers them."""

from collections.abc import Iterable, Sequence
from typing import get_args

import numpy as np

from telemetry_bridge.points import Device, Label, Point
from telemetry_bridge.ports import MAX_LISTED, Acceptance
from telemetry_bridge.wire import Quality
from twin.bound import BoundDevices
from twin.film.segment import State
from twin.http import present, schemas
from twin.runtime import Twin
from twin.venue import Name

QUALITY_NAMES: tuple[schemas.QualityName, ...] = get_args(schemas.QualityName)
"""By `telemetry_bridge.wire.Quality`."""


def name(label: Label) -> Name:
    """A label of the registry."""
    return Name(zh=label.zh, en=label.en)


def device(twin: Twin, found: Device, bound: BoundDevices | None = None) -> schemas.Device:
    """A device with where it is; by other bindings than those of now where they are given."""
    kind = twin.registry.types[found.type]
    element = (bound or twin.bound).element_of.get(found.id)
    within = (element.space_index, element.element_index) if element else ()
    spaces = (present.space_guid(twin.package, each) for each in within)
    return schemas.Device(
        device=found.id,
        type=found.type,
        name=name(found.label),
        type_name=name(kind.label),
        brick=kind.brick_class,
        tag=found.tag,
        element=element.guid if element else None,
        element_index=element.element_index if element else None,
        storey=present.storey_guid(twin.package, element.storey_index) if element else None,
        space=next(filter(None, spaces), None),  # a space's own sensor is in that space
        attributes=dict(found.attributes),
        points=[point.name for point in twin.registry.points_of(found.id)],
    )


def point(twin: Twin, found: Point, bound: BoundDevices | None = None) -> schemas.Point:
    """A point as lists show it; by other bindings than those of now where they are given."""
    element = (bound or twin.bound).element_of.get(found.device)
    return schemas.Point(
        device=found.device,
        point=found.name,
        point_index=found.point_index,
        name=name(found.type.label),
        class_=found.point_class,
        unit=found.unit,
        range=None if found.range is None else (_finite(found.range[0]), _finite(found.range[1])),
        states=[schemas.State(key=each.key, zh=each.zh, en=each.en) for each in found.states],
        writable=found.writable,
        period_s=found.period_s,
        element=element.guid if element else None,
        element_index=element.element_index if element else None,
    )


def readings(
    twin: Twin, points: Iterable[Point], bound: BoundDevices, state: State | None = None
) -> list[schemas.PointReading]:
    """Points with what they read now, or in another state; by these bindings."""
    return [
        schemas.PointReading(**dict(point(twin, found, bound)), **_value_fields(twin, found, state))
        for found in points
    ]


def state_item(twin: Twin, found: Point) -> schemas.StateItem:
    """What a point reads now, without what it is."""
    return schemas.StateItem(
        device=found.device,
        point=found.name,
        point_index=found.point_index,
        **_value_fields(twin, found),
    )


def _value_fields(twin: Twin, found: Point, state: State | None = None) -> "schemas.ReadingFields":
    live, row = twin.bridge.live if state is None else state, found.point_index
    time_ms, value = float(live.time_ms[row]), float(live.value[row])
    if not np.isfinite(time_ms):
        return {"value": None, "state": None, "time": None, "quality": None}
    return {
        "value": None if np.isnan(value) else value,
        "state": state_key(tuple(each.key for each in found.states), value),
        "time": present.rfc3339(time_ms),
        "quality": QUALITY_NAMES[Quality(int(live.quality[row]))],
    }


def state_key(states: Sequence[str], value: float) -> str | None:
    """The enumeration's key at a value; None for a quantity, or a value that is none of its states."""
    if not states or not value.is_integer() or not 0 <= value < len(states):
        return None
    return states[int(value)]


def _finite(number: float) -> float | None:
    return number if np.isfinite(number) else None


def refused_samples(acceptance: Acceptance) -> list[schemas.RefusedSample]:
    """The first of a batch's samples that were not taken."""
    return [
        schemas.RefusedSample(
            index=each.index, device=each.device, point=each.point, code=each.code, reason=each.reason
        )
        for each in acceptance.refused[:MAX_LISTED]
    ]
