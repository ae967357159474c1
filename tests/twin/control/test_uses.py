"""Which rooms devices serve, and whether somebody is there."""

import pytest

from spatial.package import ModelPackage
from telemetry_bridge.points import Device, DeviceType, PointType, Registry
from telemetry_bridge.ports import Reading
from telemetry_bridge.wire import Quality
from tests.spatial.conftest import folder, package
from tests.twin.control.obeying import bridge_of
from tests.twin.panels.booking_house import MONDAY_8_MS, HandClock
from twin.control.uses import People, Rooms

__all__ = ["folder", "package"]

COUNTER = DeviceType("counter", points=(PointType("count", "Occupancy_Count_Sensor", "persons", 0, 99),))
FAN = DeviceType("fan", points=(PointType("speed", "Fan_Speed_Command", "%", 0, 100, writable=True),))


@pytest.fixture
def rooms(package: ModelPackage) -> Rooms:
    first, second = package.spaces[:2]
    inside = {"bound": package.element(first.guid)}
    assert first.name != second.name
    return Rooms(package, lambda: inside)


def registry(package: ModelPackage) -> Registry:
    first, second = (each.name for each in package.spaces[:2])
    devices = [
        Device("ppl", "counter", attributes={"space": first}),
        Device("ahu", "fan", attributes={"space": "plant", "serves": f"{second}; {first}"}),
        Device("fan", "fan", attributes={"space": second}),
        Device("bound", "fan"),
        Device("nowhere", "fan"),
    ]
    return Registry([COUNTER, FAN], devices)


def test_the_table_says_what_a_device_serves_else_where_it_stands(
    rooms: Rooms, package: ModelPackage
) -> None:
    first, second = (each.name for each in package.spaces[:2])
    devices = registry(package).devices
    assert rooms.served(devices["ahu"]) == {first, second}
    assert rooms.served(devices["fan"]) == {second}
    assert rooms.served(devices["bound"]) == {first}
    assert rooms.served(devices["nowhere"]) == frozenset()


async def test_a_room_is_in_use_while_its_counter_shows_people(rooms: Rooms, package: ModelPackage) -> None:
    devices = registry(package)
    bridge = bridge_of(devices, HandClock(MONDAY_8_MS))
    people = People(devices, bridge.live, rooms)
    everything = ["ahu", "fan", "bound", "nowhere", "unknown"]

    async def used() -> list[str]:
        return sorted(await people.uses(everything))

    assert await used() == []
    bridge.accept([Reading("ppl", "count", 3)])
    assert await used() == ["ahu", "bound"]
    (use,) = (await people.uses(["bound"]))["bound"]
    assert (use.during, use.named["place"]) == ("in_use", rooms.name(package.spaces[0].name).zh)
    bridge.accept([Reading("ppl", "count", 3, quality=Quality.BAD)])
    assert await used() == []
    bridge.accept([Reading("ppl", "count", 0)])
    assert await used() == []
