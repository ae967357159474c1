"""The OPC UA adapter with a real asyncua server: subscriptions, statuses, times, cuts, writes, security."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cryptography.x509.oid import ExtendedKeyUsageOID

from telemetry_bridge.errors import AdapterError, CommandError
from telemetry_bridge.ports import Command
from telemetry_bridge.wire import Quality
from tests.ports import free_port
from tests.telemetry_bridge.adapting import Site, running, until
from tests.telemetry_bridge.opcua_peer import CLIENT_URI, Peer, make_certificate, opcua_peer
from tests.telemetry_bridge.proxy import Proxy, proxied

POINTS = """
  points:
    - {device: r1, point: temperature, node: "nsu=urn:palace:plant;s=temp"}
    - {device: r1, point: setpoint, node: "ns=3;s=set", writable: true, scale: 0.1, deadband: 1.0}
    - {device: r1, point: mode, node: "ns=3;s=mode", states: {1: cool, 2: heat, 3: fan}, writable: true}
    - {device: l1, point: switch, node: "ns=3;s=lamp", writable: true}
    - {device: l1, point: flag, node: "ns=3;s=count"}
"""
VALUES: dict[str, Any] = {"temp": 21.5, "set": 215.0, "mode": 2, "lamp": True, "count": 7}
SHOWN = {"r1/temperature": 21.5, "r1/setpoint": 21.5, "r1/mode": 1.0, "l1/switch": 1.0, "l1/flag": 7.0}


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[Peer]:
    """One server for most tests: it takes seconds to start."""
    async with opcua_peer(free_port(), None, VALUES) as running_peer:
        yield running_peer


@pytest_asyncio.fixture(loop_scope="module")
async def peer(server: Peer) -> Peer:
    for name, value in VALUES.items():
        await server.write(name, value)
    return server


def line(
    url: str,
    points: str = POINTS,
    more: str = "",
    period_s: float = 60.0,
    folder: Path = Path(),
    environment: dict[str, str] | None = None,
) -> Site:
    head = f"- id: plc\n  kind: opcua\n  url: {url}\n  publishing_ms: 30\n  sampling_ms: 30\n  timeout_s: 2\n"
    return Site(f"{head}{more}{points}", folder, environment, period_s)


@contextlib.asynccontextmanager
async def through_proxy(peer: Peer) -> AsyncIterator[tuple[Proxy, Site]]:
    async with proxied(peer.port) as proxy:
        url = f"opc.tcp://127.0.0.1:{proxy.port}/palace"
        async with running(line(url)) as site:
            yield proxy, site


async def test_changes_come_as_they_happen_and_nothing_else(peer: Peer) -> None:
    async with running(line(peer.url)) as site:
        await until(site.shows_all(SHOWN))
        await until(lambda: site.adapter.health().connected)
        received = site.adapter.health().received
        await peer.write("temp", 22.25)
        await until(site.shows("r1/temperature", 22.25))
        await peer.write("set", 219.0)  # by 0.4: inside the deadband of 1.0
        await peer.write("mode", 3)
        await until(site.shows("r1/mode", 2.0))
        assert site.value("r1/setpoint") == pytest.approx(21.5)
        await peer.write("set", 240.0)
        await until(site.shows("r1/setpoint", 24.0))
        assert site.adapter.health().received == received + 3


@pytest.mark.parametrize(
    ("status", "quality"),
    [
        (0x00000000, Quality.GOOD),
        (0x00A40000, Quality.GOOD),  # GoodEntryReplaced
        (0x40900000, Quality.STALE),  # UncertainLastUsableValue
        (0x40930000, Quality.BAD),  # UncertainSensorNotAccurate
        (0x808C0000, Quality.BAD),  # BadSensorFailure
    ],
)
async def test_a_status_becomes_a_quality(peer: Peer, status: int, quality: Quality) -> None:
    async with running(line(peer.url)) as site:
        await until(site.shows_all(SHOWN))
        await peer.write("temp", 30.0, status)
        # A bad status comes without a value: the last one stays.
        await until(site.shows("r1/temperature", 30.0 if status >> 31 == 0 else 21.5, quality))
        assert ("r1/temperature" in site.adapter.health().last_error) == (quality is Quality.BAD)
        await peer.write("temp", 31.0)
        await until(site.shows("r1/temperature", 31.0))
        assert site.adapter.health().bad == 0


async def test_the_servers_time_of_a_change_is_kept(peer: Peer) -> None:
    async with running(line(peer.url)) as site:
        await until(site.shows_all(SHOWN))
        changed = datetime.now(UTC) + timedelta(milliseconds=1)
        await peer.write("temp", 25.0, source=changed)
        await until(site.shows("r1/temperature", 25.0))
        point = site.bridge.registry.find("r1", "temperature")
        assert point is not None
        shown_ms = float(site.bridge.live.time_ms[point.point_index])
        assert shown_ms == pytest.approx(changed.timestamp() * 1000, abs=1.0)


async def test_what_stands_still_is_read_and_stays_fresh(peer: Peer) -> None:
    async with running(line(peer.url, period_s=0.5)) as site:
        await until(site.shows_all(SHOWN))
        before = site.adapter.health().received
        await until(lambda: site.adapter.health().received > before + 10)
        site.bridge.flush()
        assert site.quality("r1/temperature") is Quality.GOOD


async def test_unknown_nodes_and_namespaces_are_bad_and_the_others_are_not(peer: Peer) -> None:
    points = """
  points:
    - {device: r1, point: temperature, node: "ns=3;s=temp"}
    - {device: r1, point: setpoint, node: "ns=3;s=no"}
    - {device: r1, point: mode, node: "nsu=urn:nobody;s=mode"}
    - {device: l1, point: flag, node: "i=2255"}
"""
    async with running(line(peer.url, points)) as site:
        await until(site.shows("r1/temperature", 21.5))
        await until(lambda: site.adapter.health().bad == 3)
        await until(site.is_bad("r1/setpoint"))
        await until(site.is_bad("r1/mode"))
        await until(site.is_bad("l1/flag"))  # an array of texts


async def test_after_a_cut_it_subscribes_again(peer: Peer) -> None:
    async with through_proxy(peer) as (proxy, site):
        await until(site.shows_all(SHOWN))
        await proxy.refuse()
        await until(lambda: not site.adapter.health().connected)
        with pytest.raises(CommandError, match="no connection"):
            await site.adapter.send(site.command("l1/switch", "off"))
        await peer.write("temp", 18.0)
        await proxy.restore()
        await until(site.shows("r1/temperature", 18.0))
        await peer.write("temp", 19.0)
        await until(site.shows("r1/temperature", 19.0))
        assert site.adapter.health().reconnects >= 1


async def test_garbage_is_survived(peer: Peer) -> None:
    async with through_proxy(peer) as (proxy, site):
        await until(site.shows_all(SHOWN))
        await until(lambda: site.adapter.health().connected)
        proxy.garble = True
        await until(lambda: not site.adapter.health().connected)
        await proxy.restore()
        await peer.write("temp", 18.5)
        await until(site.shows("r1/temperature", 18.5))


async def test_a_half_open_connection_is_noticed(peer: Peer) -> None:
    async with through_proxy(peer) as (proxy, site):
        await until(site.shows_all(SHOWN))
        await until(lambda: site.adapter.health().connected)
        proxy.mute = True
        await until(lambda: not site.adapter.health().connected)
        await proxy.restore()
        await peer.write("temp", 19.0)
        await until(site.shows("r1/temperature", 19.0))


async def test_a_server_that_is_started_anew_is_found_again() -> None:
    async with opcua_peer(free_port(), None, VALUES) as own, running(line(own.url)) as site:
        await until(site.shows_all(SHOWN))
        await own.stop()
        await until(lambda: not site.adapter.health().connected)
        await own.start(VALUES | {"temp": 17.0})
        await until(site.shows("r1/temperature", 17.0))


async def test_commands_are_written_in_the_variables_type(peer: Peer) -> None:
    async with running(line(peer.url)) as site:
        await until(site.shows_all(SHOWN))
        await until(lambda: site.adapter.health().connected)
        for key, value in (("r1/setpoint", 24.5), ("r1/mode", "fan"), ("l1/switch", "off")):
            await site.adapter.send(site.command(key, value))
        assert await peer.read("set") == pytest.approx(245.0)
        assert await peer.read("mode") == 3
        assert await peer.read("lamp") is False
        assert site.shows("l1/switch", 0.0)()
        with pytest.raises(CommandError, match="not writable in plc"):
            await site.adapter.send(Command("c", "l1", "flag", 1.0, 0.0))


async def test_what_the_server_refuses_is_said(peer: Peer) -> None:
    points = """
  points:
    - {device: r1, point: setpoint, node: "i=2259", writable: true}
"""
    async with running(line(peer.url, points)) as site:
        await until(lambda: site.adapter.health().connected)
        with pytest.raises(CommandError, match=r"\(i=2259\): .*(written|denied|Denied|not allow)"):
            await site.adapter.send(site.command("r1/setpoint", 20))


SECURE = """
  username: keeper
  password_env: PLC_PASSWORD
  security: {certificate: client.der, key: client.pem, server_certificate: server.der}
"""


async def test_a_secure_channel_with_a_user(tmp_path: Path) -> None:
    await make_certificate(tmp_path, "client", CLIENT_URI, ExtendedKeyUsageOID.CLIENT_AUTH)
    async with opcua_peer(free_port(), tmp_path, VALUES) as peer:
        secret = {"PLC_PASSWORD": "se:cret"}
        async with running(
            line(peer.url, more=SECURE.lstrip("\n"), folder=tmp_path, environment=secret)
        ) as site:
            await until(site.shows_all(SHOWN))
            await site.adapter.send(site.command("l1/switch", "off"))
            assert await peer.read("lamp") is False
        wrong = {"PLC_PASSWORD": "wrong"}
        async with running(
            line(peer.url, more=SECURE.lstrip("\n"), folder=tmp_path, environment=wrong)
        ) as site:
            await until(lambda: "Bad" in site.adapter.health().last_error)
            assert not site.adapter.health().connected
            assert "wrong" not in site.adapter.health().last_error
        async with running(line(peer.url)) as site:  # without a secure channel
            await until(lambda: bool(site.adapter.health().last_error))
            assert not site.adapter.health().connected


async def test_missing_files_and_secrets_are_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="PLC_PASSWORD is not set"):
        line("opc.tcp://127.0.0.1:1", more=SECURE.lstrip("\n"), folder=tmp_path)
    with pytest.raises(AdapterError, match=r"no file .*client\.der"):
        line(
            "opc.tcp://127.0.0.1:1",
            more=SECURE.lstrip("\n"),
            folder=tmp_path,
            environment={"PLC_PASSWORD": "x"},
        )
