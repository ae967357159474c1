"""The BACnet adapter with a real bacpypes3 device: changes, polling, flags, commands, silence."""

import logging
import socket
from collections.abc import AsyncIterator

import pytest
from bacpypes3.basetypes import StatusFlags
from bacpypes3.primitivedata import Real

from telemetry_bridge.errors import CommandError
from telemetry_bridge.ports import Command
from telemetry_bridge.wire import Quality
from tests.ports import free_port
from tests.telemetry_bridge.adapting import Site, running, until
from tests.telemetry_bridge.bacnet_peer import Peer, bacnet_peer

FLAGS = ("in-alarm", "fault", "overridden", "out-of-service")
POINTS = """
    - {device: r1, point: temperature, controller: ahu, object: "analog-input,1"}
    - {device: r1, point: setpoint, controller: ahu, object: "analog-output,1", writable: true}
    - {device: l1, point: switch, controller: ahu, object: "binary-output,1", writable: true}
"""
SHOWN = {"r1/temperature": 21.5, "r1/setpoint": 20.0, "l1/switch": 0.0}


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    logging.getLogger("bacpypes3").setLevel(logging.CRITICAL)
    async with bacnet_peer(free_port()) as running_peer:
        yield running_peer


def line(peer: Peer, points: str = POINTS, more: str = "", period_s: float = 60.0) -> Site:
    text = f"""
- id: hvac
  kind: bacnet
  address: 127.0.0.1:{free_port()}
  instance: 599
  timeout_s: 0.3
  retries: 1
  controllers: {{ahu: "127.0.0.1:{peer.port}", gone: "127.0.0.1:{free_port()}"}}
{more}  points:{points.rstrip()}
"""
    return Site(text, period_s=period_s)


async def test_changes_come_by_subscription_without_asking(peer: Peer) -> None:
    async with running(line(peer)) as site:
        await until(site.shows_all(SHOWN))
        await until(lambda: peer.subscriptions == 3)
        asked = len(peer.device.asked)
        peer.sensor.presentValue = 23.5
        peer.lamp.presentValue = "active"
        await until(site.shows("r1/temperature", 23.5))
        await until(site.shows("l1/switch", 1.0))
        assert len(peer.device.asked) == asked
        health = site.adapter.health()
        assert (health.connected, health.bad, health.points) == (True, 0, 3)
    assert peer.subscriptions == 0, "it says goodbye"


async def test_subscriptions_are_renewed_before_they_end(peer: Peer) -> None:
    async with running(line(peer, more="  cov_lifetime_s: 4\n")) as site:
        await until(lambda: peer.device.asked.count("SubscribeCOVRequest") >= 6)
        assert peer.subscriptions == 3
        peer.sensor.presentValue = 24.0
        await until(site.shows("r1/temperature", 24.0))


async def test_what_cannot_be_subscribed_to_is_polled(peer: Peer) -> None:
    peer.device.refuses_cov = True
    async with running(line(peer, more="  poll_s: 0.1\n")) as site:
        await until(site.shows_all(SHOWN))
        peer.sensor.presentValue = 19.0
        await until(site.shows("r1/temperature", 19.0))
        assert peer.subscriptions == 0
        assert site.adapter.health().bad == 0


async def test_a_simple_controller_is_read_one_by_one(peer: Peer) -> None:
    peer.device.refuses_many = True
    points = """
    - {device: r1, point: temperature, controller: ahu, object: "analog-input,1", cov: false, poll_s: 0.1}
    - {device: r1, point: mode, controller: ahu, object: "multi-state-input,1", cov: false,
       states: {1: cool, 2: heat, 3: fan}}
    - {device: l1, point: flag, controller: ahu, object: "analog-input,1", property: cov-increment}
    - {device: r2, point: temperature, controller: ahu, object: "analog-input,9"}
"""
    async with running(line(peer, points)) as site:
        await until(site.shows("r1/mode", 1.0))
        await until(site.shows("l1/flag", 0.1))
        await until(site.is_bad("r2/temperature"))
        assert "unknown-object" in site.adapter.health().last_error
        peer.sensor.presentValue = 18.0
        await until(site.shows("r1/temperature", 18.0))


@pytest.mark.parametrize(
    ("flags", "quality"),
    [
        ("in-alarm", Quality.GOOD),
        ("fault", Quality.BAD),
        ("out-of-service", Quality.BAD),
        ("overridden", Quality.BAD),
    ],
)
async def test_status_flags_become_quality(peer: Peer, flags: str, quality: Quality) -> None:
    async with running(line(peer)) as site:
        await until(site.shows_all(SHOWN))
        await until(lambda: peer.subscriptions == 3)
        peer.sensor.statusFlags = StatusFlags([int(each == flags) for each in FLAGS])
        await until(lambda: site.quality("r1/temperature") is quality)
        assert site.value("r1/temperature") == 21.5
        if quality is Quality.BAD:
            assert "r1/temperature: ahu analog-input,1:" in site.adapter.health().last_error


async def test_reliability_says_why(peer: Peer) -> None:
    peer.sensor.reliability = "open-loop"
    async with running(line(peer, period_s=0.3)) as site:
        await until(site.is_bad("r1/temperature"))
        await until(lambda: "open-loop" in site.adapter.health().last_error)
        peer.sensor.reliability = "no-fault-detected"
        await until(site.shows("r1/temperature", 21.5))


async def test_a_command_takes_its_priority_and_is_read_back(peer: Peer) -> None:
    async with running(line(peer)) as site:
        await until(site.shows_all(SHOWN))
        await site.adapter.send(site.command("r1/setpoint", 23.5))
        assert site.shows("r1/setpoint", 23.5)()
        assert float(peer.setpoint.priorityArray[7].real) == 23.5
        await site.adapter.send(site.command("l1/switch", "on"))
        assert site.shows("l1/switch", 1.0)()
        with pytest.raises(CommandError, match="not writable in hvac"):
            await site.adapter.send(Command("c", "r1", "temperature", 20.0, 0.0))


async def test_a_higher_priority_wins_and_is_named(peer: Peer) -> None:
    async with running(line(peer)) as site:
        await until(site.shows_all(SHOWN))
        await site.adapter.send(site.command("r1/setpoint", 23.0))
        await peer.setpoint.write_property("presentValue", Real(15.0), None, 5)
        with pytest.raises(CommandError, match="priority 5 commands it"):
            await site.adapter.send(site.command("r1/setpoint", 24.0))
        assert site.shows("r1/setpoint", 15.0)()


async def test_a_command_is_given_back_when_its_time_is_over(peer: Peer) -> None:
    points = """
    - {device: r1, point: setpoint, controller: ahu, object: "analog-output,1", writable: true, hold_s: 0.5}
"""
    async with running(line(peer, points)) as site:
        await until(site.shows("r1/setpoint", 20.0))
        await site.adapter.send(site.command("r1/setpoint", 25.0))
        assert site.shows("r1/setpoint", 25.0)()
        await until(site.shows("r1/setpoint", 20.0))
    await peer.setpoint.write_property("presentValue", Real(26.0), None, 8)
    async with running(line(peer, points)) as site:  # as if the server had been killed meanwhile
        await until(site.shows("r1/setpoint", 26.0))
        await until(site.shows("r1/setpoint", 20.0))


async def test_a_selector_shows_our_command_and_gives_it_back(peer: Peer) -> None:
    points = """
    - {device: l1, point: status, controller: ahu, object: "binary-output,1", writable: true, release: "off",
       states: {0: on, 1: fault}, poll_s: 0.2}
    - {device: l1, point: switch, controller: ahu, object: "binary-output,1"}
"""
    site = line(peer, points)
    async with running(site):
        await until(site.shows("l1/status", 0.0))
        await site.adapter.send(Command("c", "l1", "status", 2.0, 0.0))
        assert site.shows("l1/status", 2.0)()
        await until(site.shows("l1/switch", 1.0))
        await site.adapter.send(Command("c", "l1", "status", 0.0, 0.0))
        assert site.shows("l1/status", 0.0)()
        await until(site.shows("l1/switch", 0.0))


async def test_a_silent_controller_is_bad_and_the_others_are_not(peer: Peer) -> None:
    points = POINTS + '    - {device: r2, point: temperature, controller: gone, object: "analog-input,1"}\n'
    async with running(line(peer, points)) as site:
        await until(site.shows_all(SHOWN))
        await until(site.is_bad("r2/temperature"))
        health = site.adapter.health()
        assert health.connected
        assert "no answer from gone" in health.detail
        assert "gone does not answer" in health.last_error


async def test_a_controller_that_comes_back_is_subscribed_to_again(peer: Peer) -> None:
    async with running(line(peer, period_s=0.5)) as site:
        await until(site.shows_all(SHOWN))
        peer.stop()
        await until(site.is_bad("r1/temperature"))
        await until(lambda: not site.adapter.health().connected)
        with pytest.raises(CommandError, match="does not answer"):
            await site.adapter.send(site.command("l1/switch", "on"))
        peer.start(temperature=17.0)
        await until(site.shows("r1/temperature", 17.0))
        await until(lambda: peer.subscriptions == 3)
        assert site.adapter.health().bad == 0


async def test_what_stands_still_is_read_once_a_period(peer: Peer) -> None:
    async with running(line(peer, period_s=0.4)) as site:
        await until(site.shows_all(SHOWN))
        before = peer.device.asked.count("ReadPropertyMultipleRequest")
        await until(lambda: peer.device.asked.count("ReadPropertyMultipleRequest") >= before + 3)


async def test_an_answer_that_is_nonsense_is_bad_and_ends_nothing(peer: Peer) -> None:
    peer.device.refuses_many = peer.device.lies = True
    async with running(line(peer, more="  poll_s: 0.1\n", period_s=0.3)) as site:
        await until(lambda: "cannot be read" in site.adapter.health().last_error)
        assert site.adapter.health().connected
        peer.device.refuses_many = peer.device.lies = False
        await until(site.shows_all(SHOWN))


async def test_a_port_that_is_taken_is_said(peer: Peer) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        text = f"""
- id: hvac
  kind: bacnet
  address: 127.0.0.1:{taken.getsockname()[1]}
  instance: 599
  controllers: {{ahu: "127.0.0.1:{peer.port}"}}
  points:{POINTS.rstrip()}
"""
        async with running(Site(text)) as site:
            await until(lambda: "cannot be used" in site.adapter.health().last_error)
            with pytest.raises(CommandError, match="no network"):
                await site.adapter.send(site.command("l1/switch", "on"))
