"""The registry numbers points densely and always alike."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.points import MAX_ID_LENGTH, Device, DeviceType, PointType, Registry, id_fault
from tests.telemetry_bridge.builders import LAMP, ROOM, registry

_ids = st.lists(st.text(min_size=1, max_size=5), unique=True, max_size=8)


@given(_ids, _ids, st.randoms(use_true_random=False))
def test_numbers_are_dense_sorted_and_independent_of_order(
    device_ids: list[str], point_names: list[str], shuffler: random.Random
) -> None:
    points = tuple(PointType(name) for name in point_names)
    devices = [Device(each, "t") for each in device_ids]
    first = Registry([DeviceType("t", points=points)], devices)
    shuffler.shuffle(devices)
    second = Registry([DeviceType("t", points=tuple(reversed(points)))], devices)
    keys = [(point.device, point.name) for point in first.points]
    assert keys == sorted(keys) == [(point.device, point.name) for point in second.points]
    assert [point.point_index for point in first.points] == list(range(len(keys)))
    assert first.hash == second.hash
    for point in first.points:
        assert first.find(point.device, point.name) is point


def test_points_are_found_by_device_and_name() -> None:
    venue = registry()
    assert [point.key for point in venue.points_of("r1")] == ["r1/mode", "r1/setpoint", "r1/temperature"]
    assert venue.points_of("nobody") == ()
    assert venue.find("r1", "switch") is None
    found = venue.find("r2", "temperature")
    assert found is not None
    assert found.range == (-30, 60)
    assert (venue.low[found.point_index], venue.period_ms[found.point_index]) == (-30, 60_000)
    flag = venue.find("l1", "flag")
    assert flag is not None
    assert flag.range is None


def test_hash_tells_a_change_of_meaning() -> None:
    assert registry().hash == registry().hash
    assert registry(rooms=("r1", "r3")).hash != registry().hash
    other = DeviceType("room", points=(*ROOM.points[:2], PointType("mode", "Mode_Status")))
    devices = registry().devices.values()
    assert Registry([other, LAMP], devices).hash != registry().hash


def test_ids_twice_and_unknown_types_are_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        Registry([ROOM], [Device("a", "room"), Device("a", "room")])
    with pytest.raises(ValueError, match="unknown type"):
        Registry([ROOM], [Device("a", "boiler")])


@pytest.mark.parametrize("good", ["a", "L1-AHU_03", "灯 12", "0Y$abc_DEF", "x" * MAX_ID_LENGTH])
def test_usable_ids(good: str) -> None:
    assert id_fault(good) is None


@pytest.mark.parametrize(
    "bad", ["", " ", " a", "a ", "a/b", "+", "#", "a\nb", "\0", "x" * (MAX_ID_LENGTH + 1)]
)
def test_unusable_ids(bad: str) -> None:
    assert id_fault(bad) is not None
