"""The Modbus adapter with a real pymodbus server: values, faults, cuts and writes."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pymodbus.constants import ExcCodes

from telemetry_bridge.errors import CommandError
from telemetry_bridge.ports import Command, Selective
from telemetry_bridge.wire import Quality
from tests.ports import free_port
from tests.telemetry_bridge.adapting import Site, running, until
from tests.telemetry_bridge.modbus_peer import (
    READ_COILS,
    READ_HOLDING,
    READ_INPUT,
    Peer,
    modbus_peer,
)
from tests.telemetry_bridge.proxy import proxied

POINTS = """
  points:
    - {device: r1, point: temperature, address: 100, type: int16, scale: 0.1}
    - {device: r1, point: setpoint, address: 102, type: float32, writable: true}
    - {device: r1, point: mode, address: 10, table: input, states: {1: cool, 2: heat, 4: fan},
       writable: true, write: {address: 120}}
    - {device: l1, point: switch, address: 17, table: coil, writable: true}
    - {device: l1, point: status, address: 106, absent: 65535}
    - {device: l1, point: flag, address: 105, bit: 3, writable: true}
    - {device: r2, point: temperature, address: 5, unit: 7}
"""


def line(port: int, points: str = POINTS, groups: str = "{default: 0.05}") -> Site:
    head = f"- id: plant\n  kind: modbus\n  host: 127.0.0.1\n  port: {port}\n"
    return Site(f"{head}  timeout_s: 0.4\n  groups: {groups}{points}")


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with modbus_peer(free_port(), 1, 7) as running_peer:
        unit = running_peer.units[1]
        unit.set(READ_HOLDING, 100, 215, 0, 0x41B4, 0, 0, 8, 1)
        unit.set(READ_INPUT, 10, 2)
        unit.set(READ_COILS, 17, 1)
        running_peer.units[7].set(READ_HOLDING, 5, 19)
        yield running_peer


async def test_registers_become_values_and_near_ones_come_in_one_read(peer: Peer) -> None:
    async with running(line(peer.port)) as site:
        await until(site.shows("r2/temperature", 19.0))
        assert site.value("r1/temperature") == pytest.approx(21.5)
        assert site.value("r1/setpoint") == pytest.approx(22.5)
        assert (site.value("r1/mode"), site.value("l1/switch"), site.value("l1/flag")) == (1.0, 1.0, 1.0)
        assert site.value("l1/status") == 1.0
        assert set(peer.units[1].reads) == {(3, 100, 7), (4, 10, 1), (1, 17, 1)}
        health = site.adapter.health()
        assert (health.connected, health.points, health.bad, health.refused) == (True, 7, 0, 0)
        assert health.last_ms is not None


async def test_each_group_has_its_period(peer: Peer) -> None:
    points = """
  points:
    - {device: r1, point: temperature, address: 100, group: fast}
    - {device: r1, point: setpoint, address: 102, group: slow}
"""
    async with running(line(peer.port, points, "{fast: 0.05, slow: 3600}")):
        await until(lambda: peer.units[1].reads.count((3, 100, 1)) >= 4)
        assert peer.units[1].reads.count((3, 102, 1)) == 1


async def test_no_reading_and_unknown_states_are_bad_and_the_neighbours_are_not(peer: Peer) -> None:
    async with running(line(peer.port)) as site:
        await until(site.shows("l1/status", 1.0))
        peer.units[1].set(READ_HOLDING, 106, 65535)
        peer.units[1].set(READ_INPUT, 10, 3)
        await until(site.is_bad("l1/status"))
        await until(site.is_bad("r1/mode"))
        assert site.value("l1/status") == 1.0
        assert site.quality("r1/temperature") is Quality.GOOD
        health = site.adapter.health()
        assert health.bad == 2
        assert "3 is none of the states 1, 2, 4" in health.last_error
        peer.units[1].set(READ_INPUT, 10, 4)
        await until(site.shows("r1/mode", 2.0))


async def test_a_wrong_address_does_not_take_its_neighbours_along(peer: Peer) -> None:
    peer.units[1].absent = {106}
    async with running(line(peer.port)) as site:
        await until(site.is_bad("l1/status"))
        await until(site.shows("r1/setpoint", 22.5))
        assert "exception 2, illegal data address" in site.adapter.health().last_error
        assert site.shows("l1/flag", 1.0)()


async def test_exceptions_make_bad_and_recovery_good_again(peer: Peer) -> None:
    async with running(line(peer.port)) as site:
        await until(site.shows("r1/setpoint", 22.5))
        peer.units[1].refusal = ExcCodes.DEVICE_BUSY
        await until(site.is_bad("r1/setpoint"))
        assert site.value("r1/setpoint") == pytest.approx(22.5)
        assert "server device busy" in site.adapter.health().last_error
        assert site.adapter.health().connected
        peer.units[1].refusal = None
        await until(site.shows("r1/setpoint", 22.5))


async def test_a_silent_unit_is_bad_and_the_others_go_on(peer: Peer) -> None:
    async with running(line(peer.port)) as site:
        await until(site.shows("r2/temperature", 19.0))
        peer.units[7].silent = True
        await until(site.is_bad("r2/temperature"))
        before = len(peer.units[1].reads)
        await until(lambda: len(peer.units[1].reads) > before + 6)
        assert site.quality("r1/temperature") is Quality.GOOD
        assert "unit 7 does not answer within 0.4 s" in site.adapter.health().last_error
        peer.units[7].silent = False
        await until(site.shows("r2/temperature", 19.0))


async def test_a_cut_cable_is_no_bad_value_and_heals(peer: Peer) -> None:
    async with proxied(peer.port) as proxy, running(line(proxy.port)) as site:
        await until(site.shows("r2/temperature", 19.0))
        await proxy.refuse()
        await until(lambda: not site.adapter.health().connected)
        assert site.quality("r1/temperature") is Quality.GOOD, "silence makes stale, not bad"
        with pytest.raises(CommandError, match="no connection"):
            await site.adapter.send(site.command("l1/switch", "off"))
        peer.units[1].set(READ_HOLDING, 100, 200)
        await proxy.restore()
        await until(site.shows("r1/temperature", 20.0))
        assert site.adapter.health().reconnects >= 1


async def test_half_open_truncated_and_late_answers_are_survived(peer: Peer) -> None:
    async with proxied(peer.port) as proxy, running(line(proxy.port)) as site:
        await until(site.shows("r2/temperature", 19.0))
        proxy.mute = True
        await until(site.is_bad("r1/temperature"))
        await proxy.restore()
        await until(site.shows("r1/temperature", 21.5))
        proxy.truncate = 11  # in the middle of an answer
        await until(lambda: proxy.truncate == 0)
        await proxy.restore()
        peer.units[1].set(READ_HOLDING, 100, 180)
        await until(site.shows("r1/temperature", 18.0))
        proxy.delay_s = 0.3  # longer than the time-out, there and back: answers come for the request before
        await until(site.is_bad("r1/temperature"))
        await proxy.restore()
        await until(site.shows("r1/temperature", 18.0))
        assert site.shows("r1/setpoint", 22.5)()


async def test_garbage_is_survived(peer: Peer) -> None:
    async with proxied(peer.port) as proxy, running(line(proxy.port)) as site:
        await until(site.shows("r2/temperature", 19.0))
        proxy.garble = True
        await until(site.is_bad("r1/temperature"))
        await proxy.restore()
        await until(site.shows("r1/temperature", 21.5))
        await until(site.shows("r2/temperature", 19.0))


async def test_a_server_that_is_away_at_the_start_is_waited_for() -> None:
    port = free_port()
    async with running(line(port)) as site:
        await until(lambda: "no connection" in site.adapter.health().detail)
        async with modbus_peer(port, 1, 7) as peer:
            peer.units[1].set(READ_HOLDING, 100, 215)
            await until(site.shows("r1/temperature", 21.5))


async def test_commands_are_written_in_the_devices_form_and_read_back(peer: Peer) -> None:
    async with running(line(peer.port)) as site:
        await until(site.shows("r2/temperature", 19.0))
        for key, value in (("r1/setpoint", 24.25), ("l1/switch", "off"), ("r1/mode", "fan")):
            await site.adapter.send(site.command(key, value))
        assert peer.units[1].writes == [(16, 102, [0x41C2, 0]), (5, 17, [0]), (6, 120, [4])]
        assert site.shows("r1/setpoint", 24.25)()
        assert site.shows("l1/switch", 0.0)()


async def test_one_bit_is_written_and_the_others_stay(peer: Peer) -> None:
    peer.units[1].set(READ_HOLDING, 105, 0b1010_1010)
    async with running(line(peer.port)) as site:
        await until(site.shows("l1/flag", 1.0))
        await site.adapter.send(Command("c1", "l1", "flag", 0.0, 0.0))
        assert peer.units[1].holding(105) == 0b1010_0010
        assert site.shows("l1/flag", 0.0)()


async def test_what_was_not_written_is_said(peer: Peer) -> None:
    async with running(line(peer.port)) as site:
        await until(site.shows("l1/switch", 1.0))
        peer.units[1].sticky = {102, 103}
        with pytest.raises(CommandError, match=r"reads back as 22\.5"):
            await site.adapter.send(site.command("r1/setpoint", 30))
        peer.units[1].refusal = ExcCodes.ILLEGAL_VALUE
        with pytest.raises(CommandError, match="illegal data value"):
            await site.adapter.send(site.command("l1/switch", "off"))
        with pytest.raises(CommandError, match="not writable in plant"):
            await site.adapter.send(Command("c1", "r1", "temperature", 20.0, 0.0))


async def test_it_writes_what_it_is_told_to_and_nothing_else(peer: Peer) -> None:
    site = line(peer.port)
    assert isinstance(site.adapter, Selective)
    assert site.adapter.writes("r1", "setpoint")
    assert not site.adapter.writes("r1", "temperature")
    assert not site.adapter.writes("r2", "setpoint")


async def test_a_stop_in_the_middle_of_a_request_ends_at_once(peer: Peer) -> None:
    peer.units[1].silent = True
    async with running(line(peer.port)) as site:
        await until(lambda: site.adapter.health().connected)
    assert not site.adapter.health().connected
    assert [task for task in asyncio.all_tasks() if task.get_name() == "plant"] == []
