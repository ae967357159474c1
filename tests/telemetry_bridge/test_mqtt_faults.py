"""What the MQTT line does when the network, the broker or our own code misbehaves."""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest

from telemetry_bridge.adapters.mqtt import MqttAdapter, MqttSettings
from telemetry_bridge.adapters.mqtt_link import Listener, MqttLink
from telemetry_bridge.adapters.tally import Tally
from telemetry_bridge.adapters.upkeep import Patience
from telemetry_bridge.bridge import Bridge
from telemetry_bridge.commands import make_command
from telemetry_bridge.errors import CommandError
from telemetry_bridge.mqtt_codec import Message
from telemetry_bridge.mqtt_url import parse_mqtt_url
from telemetry_bridge.ports import Acceptance, Command
from tests.ports import free_port
from tests.telemetry_bridge.builders import HandClock, registry
from tests.telemetry_bridge.mosquitto import WAIT_S, Mosquitto, until
from tests.telemetry_bridge.proxy import Proxy

TOPIC = "twin/palace/devices/r1/telemetry"
QUICK = MqttSettings(Patience(0.05, 0.2), timeout_s=3.0, keepalive_s=2)


def switch_on(bridge: Bridge) -> Command:
    return make_command(bridge.registry, "c", "l1", "switch", "on", 0.0)


class Line:
    """An adapter that speaks to mosquitto through a proxy, and a device that does not."""

    def __init__(self, port: int, proxy: Proxy, query: str = "") -> None:
        self.port, self.proxy = port, proxy
        self.bridge = Bridge(registry(), HandClock())
        url = f"mqtt://127.0.0.1:{proxy.port}{query}"
        self.adapter = MqttAdapter(url, "palace", self.bridge.registry, QUICK)

    async def publish(self, value: float) -> None:
        async with aiomqtt.Client("127.0.0.1", self.port) as device:
            await device.publish(TOPIC, b'{"points": {"temperature": %g}}' % value, qos=1)

    async def shows(self, value: float) -> None:
        point = self.bridge.registry.find("r1", "temperature")
        assert point is not None
        await until(lambda: bool(self.bridge.live.value[point.point_index] == value))

    async def connected(self, times: int = 1) -> None:
        await until(lambda: self.adapter.health().connected and self.adapter.health().reconnects >= times - 1)


@pytest.fixture(params=["", "?version=5"])
async def line(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    port = free_port()
    mosquitto = Mosquitto(tmp_path, port)
    await mosquitto.start()
    proxy = Proxy(port)
    await proxy.start()
    found = Line(port, proxy, request.param)
    await found.adapter.start(found.bridge)
    await found.connected()
    yield found
    await found.adapter.stop()
    await proxy.stop()
    await mosquitto.kill()


async def test_a_line_that_is_cut_comes_back_and_listens_again(line: Line) -> None:
    for number in (1, 2, 3):
        line.proxy.cut()
        await line.connected(number + 1)
        await line.publish(number)
        await line.shows(number)


async def test_a_line_that_goes_dead_without_a_word_is_noticed(line: Line) -> None:
    line.proxy.mute = True
    await until(lambda: not line.adapter.health().connected)
    assert "nothing was heard" in line.adapter.health().last_error
    with pytest.raises(CommandError, match="no connection"):
        await line.adapter.send(switch_on(line.bridge))
    line.proxy.cut()
    await line.proxy.restore()
    await line.connected(2)
    await line.publish(7)
    await line.shows(7)


async def test_a_slow_line_is_borne(line: Line) -> None:
    line.proxy.delay_s = 0.2
    await line.publish(4)
    await line.shows(4)
    await line.adapter.send(switch_on(line.bridge))
    assert line.adapter.health().reconnects == 0


async def test_a_command_that_nobody_acknowledges_fails(line: Line) -> None:
    line.proxy.mute = True
    with pytest.raises(CommandError, match=r"acknowledge|gone|heard"):
        await line.adapter.send(switch_on(line.bridge))


async def test_a_command_under_way_when_the_line_breaks_fails_at_once(line: Line) -> None:
    line.proxy.delay_s = 30.0
    sending = asyncio.create_task(line.adapter.send(switch_on(line.bridge)))
    await asyncio.sleep(0.05)
    line.proxy.cut()
    with pytest.raises(CommandError, match="is gone"):  # and not: does not acknowledge
        await asyncio.wait_for(sending, WAIT_S)


async def test_a_message_cut_in_the_middle_is_not_taken(line: Line) -> None:
    line.proxy.truncate = 30
    await line.publish(9)
    await until(lambda: not line.adapter.health().connected)
    assert not line.bridge.live.known.any()
    line.proxy.cut()
    await line.proxy.restore()
    await line.connected(2)
    await line.publish(8)
    await line.shows(8)


async def speaks(*answers: bytes) -> asyncio.Server:
    """A server that answers whatever it hears with the next of these."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            if not await reader.read(10_000):
                break
            writer.write(answer)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await reader.read()
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([b"\xf0\x00"], "0xf0"),
        ([], "no answer"),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "no answer"),
        ([b"\x20\x02\x00\x02"], "client id"),
        ([b"\x20\x02\x00\x00", b"\x90\x05\x00\x01\x80\x80\x80"], "does not allow to read"),
        ([b"\x20\x02\x00\x00", b""], "no answer"),
        ([b"\x20\x02\x00\x00", b"\x90\x05\x00\x01\x01\x80\x80"], "connected to"),  # telemetry, no columns
    ],
)
async def test_what_is_no_broker_or_does_not_want_us_is_told(answers: list[bytes], reason: str) -> None:
    server = await speaks(*answers)
    port = server.sockets[0].getsockname()[1]
    adapter = MqttAdapter(f"mqtt://127.0.0.1:{port}", "palace", registry(), QUICK)
    await adapter.start(Bridge(registry(), HandClock()))
    await until(lambda: reason in adapter.health().detail)
    assert adapter.health().connected == (reason == "connected to")
    await adapter.stop()
    server.close()


async def test_a_fault_of_our_own_is_told_and_logged(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    def fails(readings: object) -> Acceptance:
        raise ZeroDivisionError("a fault of ours")

    line.bridge.accept = fails  # type: ignore[assignment,method-assign]
    with caplog.at_level("ERROR"):
        await line.publish(1)
        await until(lambda: "ZeroDivisionError" in caplog.text)


async def test_a_connection_that_a_fault_of_our_own_breaks_comes_back(line: Line) -> None:
    """Once when it stands, once in the middle of what the socket brings."""
    taken: list[Message] = []
    greetings, takings = [ZeroDivisionError("greeting")], [ZeroDivisionError("taking")]

    def greet() -> None:
        if greetings:
            raise greetings.pop()

    def take(messages: list[Message]) -> None:
        if takings:
            raise takings.pop()
        taken.extend(messages)

    listener = Listener(["twin/#"], take, lambda _topics: None, greet)
    link = MqttLink(parse_mqtt_url(f"mqtt://127.0.0.1:{line.port}"), listener, QUICK)

    async def connected_after(reconnects: int) -> None:
        await until(lambda: link.connected and link.health(Tally("MQTT")).reconnects == reconnects)

    link.start()
    try:
        await connected_after(1)
        assert "ZeroDivisionError('greeting'); please report it" in link.health(Tally("MQTT")).last_error
        await line.publish(1)
        await connected_after(2)
        assert "ZeroDivisionError('taking')" in link.health(Tally("MQTT")).last_error
        await line.publish(2)
        await until(lambda: [each.topic for each in taken] == [TOPIC])
    finally:
        await link.stop()


def certificate(folder: Path) -> None:
    """A certificate of its own for localhost."""
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *name, *files],
        check=True,
        capture_output=True,
    )


async def test_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate(tmp_path)
    port = free_port()
    mosquitto = Mosquitto(tmp_path, port)
    with (tmp_path / "mosquitto.conf").open("a") as config:
        config.write(f"certfile {tmp_path / 'cert.pem'}\nkeyfile {tmp_path / 'key.pem'}\n")
    await mosquitto.start()
    bridge = Bridge(registry(), HandClock())
    stranger = MqttAdapter(f"mqtts://localhost:{port}", "palace", bridge.registry, QUICK)
    await stranger.start(bridge)
    await until(lambda: "certificate verify failed" in stranger.health().detail)
    await stranger.stop()
    # What OpenSSL takes for the system's certificates (SSL_CERT_FILE).
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    adapter = MqttAdapter(f"mqtts://localhost:{port}", "palace", bridge.registry, QUICK)
    await adapter.start(bridge)
    await until(lambda: adapter.health().connected)
    assert adapter.health().detail == f"connected to mqtts://localhost:{port}"
    await adapter.send(switch_on(bridge))
    await adapter.stop()
    await mosquitto.kill()
