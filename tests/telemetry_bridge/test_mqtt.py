"""The MQTT adapter with real brokers: mosquitto as venues run it, and the embedded one."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import numpy as np
import pytest

from telemetry_bridge.adapters.broker import EmbeddedBroker
from telemetry_bridge.adapters.mqtt import MqttAdapter, MqttSettings
from telemetry_bridge.adapters.upkeep import Patience
from telemetry_bridge.bridge import Bridge
from telemetry_bridge.commands import make_command
from telemetry_bridge.errors import AdapterError, CommandError
from telemetry_bridge.mqtt_codec import Version
from telemetry_bridge.mqtt_url import parse_mqtt_url
from telemetry_bridge.wire import Frame, Kind, encode_frame
from tests.ports import free_port
from tests.telemetry_bridge.builders import HandClock, registry
from tests.telemetry_bridge.mosquitto import WAIT_S, Mosquitto, until

QUICK = MqttSettings(Patience(0.05, 0.2), timeout_s=5.0)
TOPIC = "twin/palace/devices/r1/telemetry"
# Of `mosquitto_passwd -b users keeper se:cret`: salted and hashed, so a fixed line does.
PASSWORD_LINE = (
    "keeper:$7$101$CpJbPkpROibp/bwX$432atoUI60SjK83ek08MXqvwEifisdOsdcqbLPS98cYWMRqHnurHpVqyOYTRep2hplIdwAIG4Xwd"
    "Q/Rthb4oHA=="
)


@pytest.fixture(params=["mosquitto", "mosquitto, MQTT 5", "embedded"])
async def broker_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    if request.param == "embedded":
        embedded = EmbeddedBroker()
        await embedded.start()
        yield embedded.url
        await embedded.stop()
        return
    port = free_port()
    mosquitto = Mosquitto(tmp_path, port)
    await mosquitto.start()
    yield f"mqtt://127.0.0.1:{port}{'?version=5' if 'MQTT 5' in request.param else ''}"
    await mosquitto.kill()


def new_pair(url: str) -> tuple[Bridge, MqttAdapter]:
    bridge = Bridge(registry(), HandClock())
    return bridge, MqttAdapter(url, "palace", bridge.registry, QUICK)


@contextlib.asynccontextmanager
async def delivering(url: str) -> AsyncIterator[tuple[Bridge, MqttAdapter]]:
    bridge, adapter = new_pair(url)
    await adapter.start(bridge)
    try:
        await until(lambda: adapter.health().connected)
        yield bridge, adapter
    finally:
        await adapter.stop()


def device(url: str) -> aiomqtt.Client:
    address = parse_mqtt_url(url)
    version = aiomqtt.ProtocolVersion.V5 if address.version is Version.V5 else aiomqtt.ProtocolVersion.V311
    return aiomqtt.Client(address.host, address.port, protocol=version)


def temperature(bridge: Bridge, room: str = "r1") -> float:
    point = bridge.registry.find(room, "temperature")
    assert point is not None
    return float(bridge.live.value[point.point_index])


async def test_what_a_device_publishes_is_live(broker_url: str) -> None:
    async with delivering(broker_url) as (bridge, adapter), device(broker_url) as client:
        await client.publish(TOPIC, b'{"points": {"temperature": 21.5, "mode": "heat"}}', qos=1)
        await client.publish(
            "twin/palace/devices/r2/telemetry",
            b'[{"time": "2026-09-21T14:13:19Z", "points": {"temperature": 19}}, '
            b'{"points": {"temperature": 20}}]',
        )
        await until(lambda: adapter.health().received == 4)
        assert (temperature(bridge), temperature(bridge, "r2")) == (21.5, 20.0)
        assert adapter.health().detail == f"connected to {broker_url.partition('?')[0]}"
        assert adapter.health().last_ms is not None


async def test_nonsense_is_counted_and_stops_nothing(broker_url: str) -> None:
    async with delivering(broker_url) as (bridge, adapter), device(broker_url) as client:
        for payload in (b"", b"21.5", b"{", b"\xff\xff", b'{"points": {"temperature": NaN, "pressure": 3}}'):
            await client.publish(TOPIC, payload, qos=1)
        await client.publish(TOPIC, b" " * 1_500_000, qos=1)
        await client.publish("twin/palace/devices/ghost/telemetry", b'{"points": {"temperature": 3}}', qos=1)
        await client.publish("twin/other/devices/r1/telemetry", b'{"points": {"temperature": 99}}', qos=1)
        await client.publish(TOPIC, b'{"points": {"temperature": 5, "mode": "dry"}}', qos=1)
        await until(lambda: adapter.health().received == 1)
        assert temperature(bridge) == 5.0
        assert adapter.health().refused == 9


async def test_columns_and_frames(broker_url: str) -> None:
    async with delivering(broker_url) as (bridge, adapter), device(broker_url) as client:
        columns = {"columns": {"point": ["r1/temperature", "r1/nothing"], "value": [20.5, 1]}}
        await client.publish("twin/palace/columns", json.dumps(columns), qos=1)
        await until(lambda: (adapter.health().received, adapter.health().refused) == (1, 1))
        assert temperature(bridge) == 20.5
        point = bridge.registry.find("r2", "temperature")
        assert point is not None
        index = np.array([point.point_index], np.uint32)
        frame = Frame(Kind.DELTA, 1, bridge.clock.now_ms(), index, np.array([7.5]), np.zeros(1, np.uint8))
        for name in ("0" * 12, bridge.registry.hash):
            await client.publish(f"twin/palace/frames/{name}", encode_frame(frame), qos=1)
        await client.publish("twin/palace/columns", b'{"samples": []}', qos=1)
        await until(lambda: (adapter.health().received, adapter.health().refused) == (2, 3))
        assert temperature(bridge, "r2") == 7.5


async def test_a_message_far_too_large_is_counted_and_the_connection_stays(broker_url: str) -> None:
    if "version=5" in broker_url:
        pytest.skip("the broker itself keeps it back: MQTT 5 tells it how much a client takes")
    async with delivering(broker_url) as (bridge, adapter), device(broker_url) as client:
        await client.publish(TOPIC, b" " * 3_000_000, qos=1)
        await client.publish(TOPIC, b'{"points": {"temperature": 5}}', qos=1)
        await until(lambda: adapter.health().received == 1)
        assert (adapter.health().refused, adapter.health().reconnects) == (1, 0)
        assert temperature(bridge) == 5.0


async def test_a_flood_is_taken_whole(broker_url: str) -> None:
    async with delivering(broker_url) as (bridge, adapter), device(broker_url) as client:
        for number in range(1500):
            await client.publish(TOPIC, b'{"points": {"temperature": %d}}' % (number % 50), qos=1)
        await until(lambda: adapter.health().received == 1500)
        assert temperature(bridge) == 1499 % 50


async def test_a_retained_report_of_unknown_age_is_not_taken_for_now(broker_url: str) -> None:
    async with device(broker_url) as client:
        await client.publish(TOPIC, b'{"points": {"temperature": 5}}', qos=1, retain=True)
    async with delivering(broker_url) as (bridge, adapter):
        await until(lambda: adapter.health().refused == 1)
        assert not bridge.live.known.any()


async def test_a_command_reaches_the_device(broker_url: str) -> None:
    async with delivering(broker_url) as (bridge, adapter), device(broker_url) as client:
        await client.subscribe("twin/palace/devices/l1/command", qos=1)
        await adapter.send(make_command(bridge.registry, "c-1", "l1", "switch", "on", 0.0))
        message = await asyncio.wait_for(anext(aiter(client.messages)), WAIT_S)
        assert isinstance(message.payload, bytes)
        assert json.loads(message.payload) == {
            "id": "c-1",
            "time": "1970-01-01T00:00:00.000Z",
            "point": "switch",
            "value": 1.0,
            "state": "on",
        }


async def test_it_waits_for_a_broker_and_survives_its_death(tmp_path: Path) -> None:
    port = free_port()
    url = f"mqtt://127.0.0.1:{port}"
    bridge, adapter = new_pair(url)
    await adapter.start(bridge)
    await until(lambda: "refused" in adapter.health().detail)
    with pytest.raises(CommandError, match="no connection"):
        await adapter.send(make_command(bridge.registry, "c", "l1", "switch", "on", 0.0))
    mosquitto = Mosquitto(tmp_path, port)
    try:
        for value in (1, 2):
            await mosquitto.start()
            await until(lambda: adapter.health().connected)
            async with device(url) as client:
                await client.publish(TOPIC, b'{"points": {"temperature": %d}}' % value, qos=1)
                await until(lambda wanted=value: temperature(bridge) == wanted)  # type: ignore[misc]
            await mosquitto.kill()
            await until(lambda: not adapter.health().connected)
        assert adapter.health().reconnects == 1
    finally:
        await adapter.stop()
        await mosquitto.kill()
    assert "stopped" in adapter.health().detail


async def test_user_and_password(tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text(PASSWORD_LINE + "\n", "utf-8")
    users.chmod(0o600)
    port = free_port()
    mosquitto = Mosquitto(tmp_path, port, "se:cret")
    await mosquitto.start()
    try:
        async with delivering(f"mqtt://keeper:se%3Acret@127.0.0.1:{port}") as (_, adapter):
            assert "secret" not in adapter.health().detail
        bridge, stranger = new_pair(f"mqtt://keeper:wrong@127.0.0.1:{port}")
        await stranger.start(bridge)
        await until(lambda: "uthor" in stranger.health().detail)
        assert not stranger.health().connected
        await stranger.stop()
    finally:
        await mosquitto.kill()


@pytest.mark.parametrize("venue", ["", "a/b", "+", "#"])
def test_a_venue_that_is_no_part_of_a_topic_is_refused(venue: str) -> None:
    with pytest.raises(AdapterError, match="venue id"):
        MqttAdapter("mqtt://localhost", venue, registry())


async def test_stop_without_start_and_twice_is_harmless() -> None:
    _, adapter = new_pair("mqtt://127.0.0.1:1")
    await adapter.stop()
    await adapter.stop()
    assert not adapter.health().connected


async def test_the_embedded_broker_says_when_its_port_is_taken() -> None:
    first = EmbeddedBroker()
    await first.start()
    try:
        port = int(first.url.rsplit(":", 1)[1])
        with pytest.raises(AdapterError, match=f"127.0.0.1:{port}"):
            await EmbeddedBroker(port).start()
    finally:
        await first.stop()
    again = EmbeddedBroker(port)
    await again.start()
    await again.stop()
    await again.stop()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.com", ""])
def test_the_embedded_broker_is_for_this_machine_alone(host: str) -> None:
    with pytest.raises(AdapterError, match="mosquitto"):
        EmbeddedBroker(host=host)
