"""The lines, interlocks and binding rules of the demo's venue: without a fault, and about what is there."""

from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

import assets.palace
from telemetry_bridge.adapter_file import AdapterFile, load_adapter_file
from telemetry_bridge.adapter_file_modbus import ModbusSettings
from telemetry_bridge.adapter_file_webhook import Lookup, WebhookSettings
from telemetry_bridge.adapters.modbus_registers import encode, raw_value
from telemetry_bridge.points import Registry
from telemetry_bridge.registry import load_registry
from twin.accounts.roles import Role
from twin.control.interlocks import Asker, RefusedOrder, refusal_of
from twin.control.interlocks_file import load_interlocks
from twin.control.model import Order
from twin.devices.binding_rules import DEFAULT_RULES, load_binding_rules

VENUE = Path(assets.palace.__file__).parent / "venue"


@cache
def registry() -> Registry:
    return load_registry(VENUE / "device_types.yaml", VENUE / "devices.csv")


@cache
def lines() -> AdapterFile:
    return load_adapter_file(VENUE / "adapters.yaml")


def modbus() -> ModbusSettings:
    (found,) = (each.settings for each in lines().entries if isinstance(each.settings, ModbusSettings))
    return found


def test_every_line_is_about_points_of_the_venue_and_asks_often_enough() -> None:
    assert [each.settings.id for each in lines().entries] == ["pv-storage", "car-park", "access-control"]
    for entry in lines().entries:
        assert entry.settings.enabled
        assert lines().unknown_points(entry, registry()) == []
        assert lines().slow_points(entry, registry()) == []


def test_the_devices_of_webhooks_are_the_venues() -> None:
    devices: set[object] = set()
    for entry in lines().entries:
        settings = entry.settings
        if isinstance(settings, WebhookSettings):
            rules = [each.device for each in settings.samples] + [each.device for each in settings.events]
            for device in rules:
                devices |= set((device.map or {}).values()) if isinstance(device, Lookup) else set()
    gates = {each.id for each in registry().devices.values() if each.type in ("gate", "vehicle_barrier")}
    assert devices == gates


def test_all_inverters_and_cabinets_are_on_the_modbus_line_with_all_their_points() -> None:
    wanted = {
        each.key
        for device in registry().devices.values()
        if device.type in ("inverter", "battery")
        for each in registry().points_of(device.id)
    }
    assert {each.ref.key for each in modbus().registers()} == wanted


@pytest.mark.parametrize("end", [0, 1])
def test_every_register_holds_its_points_whole_range(end: int) -> None:
    for register in modbus().registers():
        point = registry().find(*register.ref)
        assert point is not None
        assert point.range is not None
        value = point.range[end]
        raw = register.conversion.write(value, point)
        content = encode(raw, register.type, register.word_order, register.byte_order)
        read = raw_value(register, content)
        assert read is not None, f"{register.ref.key}: {value} is the mark of no reading"
        assert register.conversion.read(read) == pytest.approx(value)


def refused(device: str, point: str, value: float, role: Role) -> RefusedOrder | None:
    found = registry().find(device, point)
    assert found is not None
    place = registry().devices[device], found
    order = Order(device, point, value, "a test")
    return refusal_of(order, value, place, Asker("person:x", role), load_interlocks(VENUE))


@pytest.mark.parametrize(
    ("device", "point", "value", "role", "interlock"),
    [
        ("L1-GTE-0004", "mode", 2, Role.ADMIN, "escape-routes"),
        ("B1-PMP-0010", "frequency", 40, Role.MANAGER, "fire-pumps"),
        ("B1-BAT-0001", "power_setpoint", 20, Role.OPERATOR, "storage"),
        ("B1-BAT-0001", "power_setpoint", 101, Role.ADMIN, "storage"),
        ("B1-AHU-0001", "supply_setpoint", 12, Role.ADMIN, "supply-air"),
        ("B1-LCK-0007", "lock_command", 1, Role.OPERATOR, "basement-doors"),
    ],
)
def test_what_would_do_harm_is_refused(
    device: str, point: str, value: float, role: Role, interlock: str
) -> None:
    found = refused(device, point, value, role)
    assert found is not None
    assert found.interlock == interlock


@pytest.mark.parametrize(
    ("device", "point", "value", "role"),
    [
        ("L1-GTE-0004", "mode", 1, Role.OPERATOR),
        ("L1-BAR-0001", "mode", 2, Role.OPERATOR),
        ("B1-PMP-0010", "frequency", 40, Role.ADMIN),
        ("B1-PMP-0001", "frequency", 40, Role.OPERATOR),
        ("B1-BAT-0001", "power_setpoint", -100, Role.MANAGER),
        ("B1-AHU-0001", "supply_setpoint", 18, Role.OPERATOR),
    ],
)
def test_what_people_do_every_day_is_not(device: str, point: str, value: float, role: Role) -> None:
    assert refused(device, point, value, role) is None


def test_every_interlock_is_about_something_that_can_be_commanded() -> None:
    writable = [each for each in registry().points if each.writable]
    for interlock in load_interlocks(VENUE):
        covered = [each for each in writable if interlock.covers(registry().devices[each.device], each)]
        assert covered, interlock.id
        assert interlock.name.zh
        assert interlock.name.en


def test_binding_rules_are_about_types_and_columns_of_the_venue() -> None:
    rules = load_binding_rules(VENUE)
    assert rules is not DEFAULT_RULES
    types = {each.type for each in registry().devices.values()}
    columns = {name for each in registry().devices.values() for name in each.attributes}
    for rule in rules:
        assert all(any(fnmatchcase(kind, glob) for kind in types) for glob in rule.types), rule.id
        for text in (rule.key, rule.space):
            assert text.strip("{}") in {"", "device", "tag", *columns}, rule.id
