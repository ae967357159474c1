"""Registers, plans, schedules and rests of the Modbus adapter: the parts without a network."""

import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.adapter_file_modbus import NumberType, Order, Register
from telemetry_bridge.adapter_file_parts import Conversion, PointRef
from telemetry_bridge.adapters.modbus_plan import MAX_BITS, plan_reads
from telemetry_bridge.adapters.modbus_registers import decode, encode, raw_value, with_bit
from telemetry_bridge.adapters.rest import Rest
from telemetry_bridge.adapters.schedule import Schedule
from tests.telemetry_bridge.builders import registry

TYPES: tuple[NumberType, ...] = get_args(NumberType)
ORDERS: tuple[Order, ...] = get_args(Order)
INTEGERS = {
    "int16": (-(2**15), 2**15 - 1),
    "uint16": (0, 2**16 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**53), 2**53),
    "uint64": (0, 2**53),
}


def register(address: int, kind: NumberType = "uint16", unit: int = 1, **more: object) -> Register:
    fields = {"table": "holding", "word_order": "big", "byte_order": "big", "group": "default"} | more
    name = f"p{unit}-{fields['table']}-{address}-{kind}"
    return Register(
        ref=PointRef("d", name),
        unit=unit,
        address=address,
        type=kind,
        conversion=Conversion(),
        **fields,  # type: ignore[arg-type]
    )


@given(st.data(), st.sampled_from(TYPES), st.sampled_from(ORDERS), st.sampled_from(ORDERS))
def test_what_is_encoded_is_decoded(
    data: st.DataObject, kind: NumberType, words: Order, octets: Order
) -> None:
    if kind in INTEGERS:
        value = float(data.draw(st.integers(*INTEGERS[kind])))
    else:
        width = 32 if kind == "float32" else 64
        value = data.draw(st.floats(width=width, allow_nan=False, allow_infinity=False))  # type: ignore[arg-type]
    content = encode(value, kind, words, octets)
    assert len(content) * 16 == int(kind.lstrip("uintfloa"))
    assert all(0 <= each <= 0xFFFF for each in content)
    assert decode(content, kind, words, octets) == value


def test_known_registers() -> None:
    # 123456 = 0x0001E240; the four orders that vendors' manuals call ABCD, CDAB, BADC, DCBA
    for words, octets, content in (
        ("big", "big", [0x0001, 0xE240]),
        ("little", "big", [0xE240, 0x0001]),
        ("big", "little", [0x0100, 0x40E2]),
        ("little", "little", [0x40E2, 0x0100]),
    ):
        assert decode(content, "uint32", words, octets) == 123456  # type: ignore[arg-type]
    assert decode([0xFFFE], "int16", "big", "big") == -2
    assert decode([0x41B4, 0], "float32", "big", "big") == 22.5


@pytest.mark.parametrize(("value", "kind"), [(40_000.0, "int16"), (-1.0, "uint16"), (1e39, "float32")])
def test_what_does_not_fit_is_refused(value: float, kind: NumberType) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        encode(value, kind, "big", "big")
    with pytest.raises(ValueError, match="no number"):
        encode(math.nan, kind, "big", "big")


def test_absent_and_nan_are_no_reading() -> None:
    assert raw_value(register(1, "int16", absent=-32768), [0x8000]) is None
    assert raw_value(register(1, "float32"), [0x7FC0, 0]) is None
    assert raw_value(register(1, bit=3), [8]) == 1.0
    assert raw_value(register(1, table="coil"), [True]) == 1.0


@given(st.integers(0, 0xFFFF), st.integers(0, 15), st.booleans())
def test_a_bit_changes_alone(content: int, bit: int, value: bool) -> None:
    changed = with_bit(content, bit, value)
    assert bool(changed >> bit & 1) is value
    assert changed & ~(1 << bit) == content & ~(1 << bit) & 0xFFFF


REGISTERS = st.builds(
    lambda address, kind, unit, table: register(
        address, "uint16" if table == "coil" else kind, unit, table=table
    ),
    st.integers(0, 300),
    st.sampled_from(TYPES),
    st.sampled_from([1, 2]),
    st.sampled_from(["holding", "input", "coil"]),
)


@given(st.lists(REGISTERS, max_size=60), st.integers(0, 20), st.integers(4, 125))
def test_a_plan_reads_every_register_once_and_whole(found: list[Register], gap: int, most: int) -> None:
    reads = plan_reads(found, gap, most)
    assert sorted(each.ref for read in reads for each in read.registers) == sorted(each.ref for each in found)
    for read in reads:
        limit = MAX_BITS if read.table == "coil" else most
        assert read.count <= limit
        answer = list(range(read.address, read.address + read.count))
        covered = set()
        for each in read.registers:
            assert (each.unit, each.table) == (read.unit, read.table)
            content = list(read.content(each, answer))
            assert content == list(range(each.address, each.address + each.width))
            covered |= set(content)
        unused = [address for address in answer if address not in covered]
        assert longest_run(unused) <= gap


def longest_run(addresses: list[int]) -> int:
    longest = run = 0
    for place, address in enumerate(addresses):
        run = run + 1 if place and address == addresses[place - 1] + 1 else 1
        longest = max(longest, run)
    return longest


def test_a_plan_has_as_few_reads_as_gap_and_size_allow() -> None:
    near = [register(address) for address in (10, 11, 15, 40)]
    assert [(read.address, read.count) for read in plan_reads(near, 3, 125)] == [(10, 6), (40, 1)]
    assert [(read.address, read.count) for read in plan_reads(near, 30, 125)] == [(10, 31)]
    assert len(plan_reads([register(each) for each in range(200)], 0, 125)) == 2


@given(st.lists(st.floats(0.01, 5.0), min_size=1, max_size=40), st.floats(0.1, 2.0))
def test_a_beat_is_never_made_up_for_and_stays_in_step(steps: list[float], period_s: float) -> None:
    schedule = Schedule({"a": period_s}, 0.0)
    now_s, fired = 0.0, 0
    for step in steps:
        now_s += step
        fired += len(schedule.due(now_s))
        assert schedule.due(now_s) == []
        assert 0.0 <= schedule.wait_s(now_s) <= period_s + 1e-6
    assert fired + schedule.missed <= now_s / period_s + 1 + 1e-6
    assert fired <= len(steps)


def test_what_was_due_first_comes_first() -> None:
    schedule = Schedule({"slow": 10.0, "fast": 1.0}, 0.0)
    assert schedule.due(0.0) == ["fast", "slow"]
    assert schedule.due(1.0) == ["fast"]
    assert schedule.due(10.5) == ["fast", "slow"]
    assert schedule.missed == 8


def test_a_unit_that_stays_silent_rests_longer_each_time() -> None:
    rest = Rest(1.0, 5.0)
    now_s = 0.0
    for pause_s in (1.0, 2.0, 4.0, 5.0, 5.0):
        rest.silent(3, now_s)
        assert rest.rests(3, now_s + pause_s - 0.01)
        now_s += pause_s
        assert not rest.rests(3, now_s)
    assert not rest.rests(4, 0.0)
    rest.silent(3, now_s)
    rest.answered(3)
    assert not rest.rests(3, now_s)


@given(st.floats(-1e6, 1e6), st.floats(0.001, 1e3), st.floats(-1e3, 1e3))
def test_scaling_goes_both_ways(value: float, scale: float, offset: float) -> None:
    point = registry().find("r1", "setpoint")
    assert point is not None
    conversion = Conversion(scale, offset)
    back = conversion.read(conversion.write(value, point))
    assert back == pytest.approx(value, abs=1e-6)


def test_states_by_their_numbers() -> None:
    point = registry().find("r1", "mode")
    assert point is not None
    conversion = Conversion(states={1: "cool", 2: "heat", 9: "fan"})
    assert conversion.read(9.0) == "fan"
    assert conversion.write(2.0, point) == 9.0
    with pytest.raises(ValueError, match="none of the states 1, 2, 9"):
        conversion.read(3.0)
    with pytest.raises(ValueError, match="no number for fan"):
        Conversion(states={1: "cool"}).write(2.0, point)
