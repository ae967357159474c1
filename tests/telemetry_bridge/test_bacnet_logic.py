"""Flags, selectors and priorities: the parts of the BACnet adapter without a network."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.adapter_file import parse_adapter_file
from telemetry_bridge.adapter_file_bacnet import ObjectEntry
from telemetry_bridge.adapters.bacnet_values import (
    Seen,
    agrees,
    commanded_by,
    doubt,
    is_release,
    sample_of,
    selected,
    written_value,
)
from telemetry_bridge.errors import AdapterFileError
from telemetry_bridge.wire import Quality
from tests.telemetry_bridge.builders import registry


def entry(**more: object) -> ObjectEntry:
    fields = {"device": "r1", "point": "mode", "controller": "ahu", "object": "analog-value,1"} | more
    return ObjectEntry(**fields)  # type: ignore[arg-type]


@given(
    st.tuples(*[st.booleans()] * 4), st.sampled_from(["", "no-fault-detected", "open-loop"]), st.booleans()
)
def test_doubt_is_what_the_flags_say(flags: tuple[bool, ...], reliability: str, measured: bool) -> None:
    kind = entry(object="analog-input,1" if measured else "analog-value,1")
    fault = doubt(kind, Seen(1.0, flags, reliability))
    _, in_fault, overridden, out_of_service = flags
    expected = in_fault or out_of_service or reliability == "open-loop" or (overridden and measured)
    assert bool(fault) == expected
    sample = sample_of(kind, Seen(1.0, flags, reliability))
    assert sample.value == 1.0
    assert (sample.reading().quality is Quality.BAD) == expected


def test_what_is_no_value_is_bad() -> None:
    assert "no value" in sample_of(entry(), Seen()).fault
    assert "nan is no reading" in sample_of(entry(), Seen(math.nan)).fault
    assert "object: unknown" in sample_of(entry(), Seen(fault="object: unknown")).fault
    assert "none of the states" in sample_of(entry(states={1: "cool"}), Seen(2.0)).fault
    assert sample_of(entry(states={1: "cool"}), Seen(1.0)).value == "cool"


@given(st.lists(st.none() | st.floats(0, 1), min_size=16, max_size=16), st.integers(1, 16))
def test_who_commands_is_the_highest_above_ours(slots: list[float | None], ours: int) -> None:
    found = commanded_by(slots, ours)
    if found is None:
        assert all(each is None for each in slots[: ours - 1])
    else:
        assert found < ours
        assert slots[found - 1] is not None
        assert all(each is None for each in slots[: found - 1])


def test_a_selector_shows_its_slot_or_that_it_is_free() -> None:
    selector = entry(release="fan", states={0: "cool", 1: "heat"}, priority=10)
    slots: list[object] = [None] * 16
    assert selected(selector, slots) == Seen("fan")
    slots[9] = 1
    assert sample_of(selector, selected(selector, slots)).value == "heat"
    mode = registry().find("r1", "mode")
    assert mode is not None
    assert is_release(selector, 2.0, mode)
    assert not is_release(selector, 1.0, mode)
    assert not is_release(entry(), 2.0, mode)


def test_whole_numbers_are_written_where_the_object_takes_no_others() -> None:
    point = registry().find("r1", "setpoint")
    assert point is not None
    assert written_value(entry(object="multi-state-output,1"), 2.4, point) == 2
    assert written_value(entry(object="analog-output,1", scale=0.5), 2.5, point) == 5.0
    assert agrees(0.1, Seen(0.10000000149011612))
    assert not agrees(0.1, Seen(0.2))
    assert not agrees(0.1, Seen("x"))


FILE = """
- id: hvac
  kind: bacnet
  address: 10.0.3.5/24
  instance: 599
  controllers: {ahu: 10.0.3.40, far: "2:12"}
  points:
    - {device: r1, point: mode, controller: ahu, object: "multi-state-value,1", writable: true, hold_s: 60}
    - {device: r1, point: temperature, controller: far, object: "analog-input,1"}
"""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("10.0.3.5/24", "ahu-server", "4: address: "),
        ("10.0.3.40", "ahu.local", "6: controllers.ahu: "),
        ("controller: far", "controller: fra", "9: controller: no controller 'fra'; there is ahu, far"),
        ('"analog-input,1"', '"analogInput:1"', "9: points.1.object: "),
        ('"analog-input,1"', '"analog-input,1", writable: true', "9: writable: an input is measured"),
        ('"analog-input,1"', '"analog-input,1", hold_s: 3', "9: release and hold_s are for writable"),
        ("hold_s: 60", "hold_s: 60, property: units", "8: release and hold_s are of present-value"),
        ("hold_s: 60", "priority: 17", "8: points.0.priority: "),
        ("hold_s: 60", "release: fan, states: {1: cool, 2: fan}", "8: release: states has a number"),
    ],
)
def test_faults_name_their_line(old: str, new: str, fault: str) -> None:
    parse_adapter_file(FILE)
    with pytest.raises(AdapterFileError) as caught:
        parse_adapter_file(FILE.replace(old, new, 1))
    assert any(str(each).startswith(f"adapters.yaml:{fault}") for each in caught.value.faults), caught.value
