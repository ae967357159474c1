"""Sparkplug B against a session of another implementation, recorded, and against a real broker.

`golden/sparkplug_session.json` is what pysparkplug 0.6.1 published through mosquitto: a node `gate` with the
devices r1 and l1, data by name and by alias, a device's death, and the will of a node that died.
"""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiomqtt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge import sparkplug
from telemetry_bridge.adapter_file import parse_adapter_file
from telemetry_bridge.adapter_lines import Surroundings, make_lines
from telemetry_bridge.adapters.mqtt_link import MqttSettings
from telemetry_bridge.adapters.sparkplug import SparkplugAdapter, SparkplugSettings
from telemetry_bridge.adapters.upkeep import Patience
from telemetry_bridge.bridge import Bridge
from telemetry_bridge.commands import make_command
from telemetry_bridge.errors import AdapterError, AdapterFileError, CommandError, PayloadError
from telemetry_bridge.mqtt_codec import Message
from telemetry_bridge.ports import Acceptance
from telemetry_bridge.sparkplug import Heard, Node, SparkplugHost
from telemetry_bridge.sparkplug_payload import DataType, Metric, decode_payload, encode_payload, signed
from telemetry_bridge.wire import Quality
from tests.ports import free_port
from tests.telemetry_bridge.builders import START_MS, HandClock, registry
from tests.telemetry_bridge.mosquitto import WAIT_S, Mosquitto, until

GOLDEN = json.loads((Path(__file__).parent / "golden" / "sparkplug_session.json").read_text("utf-8"))
SESSION = [Message(each["topic"], bytes.fromhex(each["payload"])) for each in GOLDEN["messages"]]
GATE = Node("palace", "gate")
QUICK = MqttSettings(Patience(0.05, 0.2), timeout_s=5.0)


class Following:
    """A host and a bridge that hear the session."""

    def __init__(self) -> None:
        self.clock = HandClock(START_MS + 5000)
        self.bridge = Bridge(registry(), self.clock)
        self.host = SparkplugHost(self.bridge.registry)
        self.rebirths: list[Node] = []

    def hear(self, *messages: Message) -> Acceptance:
        acceptance = Acceptance(0)
        for message in messages:
            heard = self.host.take(message, self.clock.now_ms())
            if heard.rebirth is not None:
                self.rebirths.append(heard.rebirth)
            acceptance = self.bridge.accept(heard.readings)
        return acceptance

    def shown(self, device: str, point: str) -> tuple[float, Quality]:
        found = self.bridge.registry.find(device, point)
        assert found is not None
        live = self.bridge.live
        return float(live.value[found.point_index]), Quality(live.quality[found.point_index])


def data(seq: int, *metrics: Metric, topic: str = "DDATA/gate/r1") -> Message:
    kind, _, rest = topic.partition("/")
    filled = [replace(each, datatype=each.datatype or DataType.DOUBLE) for each in metrics]
    return Message(f"spBv1.0/palace/{kind}/{rest}", encode_payload(START_MS + 4000, filled, seq))


def test_a_session_of_another_implementation() -> None:
    follow = Following()
    follow.hear(*SESSION[:3])
    assert follow.shown("r1", "temperature") == (
        20.1,
        Quality.GOOD,
    )  # a float of 32 bits, shown as it is meant
    assert follow.shown("r1", "setpoint") == (-5.0, Quality.BAD)  # below the engineering range
    assert follow.shown("r1", "mode") == (1.0, Quality.GOOD)
    assert follow.shown("l1", "switch") == (1.0, Quality.GOOD)
    follow.hear(*SESSION[3:5])
    assert follow.shown("r1", "temperature") == (21.5, Quality.GOOD)
    assert follow.shown("l1", "switch") == (0.0, Quality.GOOD)
    assert follow.shown("l1", "flag") == (0.0, Quality.BAD)  # null
    follow.hear(SESSION[5])
    assert follow.shown("r1", "setpoint") == (-7.0, Quality.BAD)  # by alias, its type known from the birth
    assert follow.shown("r1", "mode") == (2.0, Quality.GOOD)
    follow.hear(SESSION[6])
    assert follow.shown("l1", "switch") == (0.0, Quality.BAD)
    assert follow.shown("r1", "mode") == (2.0, Quality.GOOD)
    follow.hear(SESSION[7])
    assert follow.shown("r1", "mode") == (2.0, Quality.BAD)
    assert follow.shown("r1", "temperature") == (21.5, Quality.BAD)
    assert not follow.host.nodes
    assert not follow.rebirths


def test_what_returns_after_a_death_is_good_again() -> None:
    follow = Following()
    follow.hear(*SESSION)
    follow.clock.time_ms += 60_000
    follow.hear(*SESSION[:2], data(2, Metric("temperature", time_ms=START_MS + 2500, value=19.0)))
    assert follow.shown("r1", "temperature") == (19.0, Quality.GOOD)


def test_a_gap_an_unknown_node_and_an_unknown_alias_ask_for_a_birth() -> None:
    follow = Following()
    follow.hear(SESSION[3])
    assert follow.rebirths == [GATE]
    assert not follow.bridge.live.known.any()
    follow.hear(*SESSION[:3])
    follow.hear(data(3, Metric("temperature", value=1.0)), data(4, Metric("temperature", value=2.0)))
    assert follow.rebirths == [GATE]
    follow.hear(data(6, Metric("temperature", value=3.0)))
    assert follow.rebirths == [GATE, GATE]
    assert follow.shown("r1", "temperature") == (3.0, Quality.GOOD)
    follow.hear(data(7, Metric("", alias=77, value=4.0)), data(9, Metric("temperature", value=4.0)))
    assert len(follow.rebirths) == 2, "a node is not asked again within ten seconds"
    follow.clock.time_ms += sparkplug.REBIRTH_EVERY_MS
    follow.hear(data(10, Metric("", alias=77, value=4.0)))
    assert len(follow.rebirths) == 3
    follow.clock.time_ms += sparkplug.REBIRTH_EVERY_MS
    follow.hear(data(11, topic="DDATA/gate/r2"))
    assert len(follow.rebirths) == 4, "data of a device that was never born"


def test_the_sequence_goes_round() -> None:
    follow = Following()
    follow.hear(SESSION[0])
    for seq in range(1, 600):
        follow.hear(data(seq % 256, topic="NDATA/gate"))
    assert follow.rebirths == []


def test_a_will_of_an_earlier_connection_changes_nothing() -> None:
    follow = Following()
    old = [Metric("bdSeq", datatype=DataType.INT64, value=41)]
    follow.hear(*SESSION[:3], Message("spBv1.0/palace/NDEATH/gate", encode_payload(START_MS, old)))
    assert len(follow.host.nodes) == 1
    follow.hear(Message("spBv1.0/palace/NDEATH/gate", encode_payload(START_MS, [])))
    assert not follow.host.nodes
    follow.hear(SESSION[7])


def test_a_metric_in_a_folder_is_a_point_and_a_node_can_be_a_device() -> None:
    bridge = Bridge(registry(), HandClock())
    host = SparkplugHost(bridge.registry, {"HVAC/Zone Temp": "temperature"})
    birth = [Metric("HVAC/Zone Temp", datatype=DataType.DOUBLE, value=18.0)]
    heard = host.take(Message("spBv1.0/g/NBIRTH/r2", encode_payload(START_MS, birth, 0)), START_MS)
    assert [(each.device, each.point, each.value) for each in heard.readings] == [("r2", "temperature", 18.0)]
    plain = SparkplugHost(bridge.registry).take(
        Message("spBv1.0/g/NBIRTH/r2", encode_payload(START_MS, [replace(birth[0], name="a/b")], 0)), START_MS
    )
    assert [each.point for each in plain.readings] == ["a_b"]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (Message("spBv1.0/palace/NDATA", b""), "topic"),
        (Message("spBv1.0/palace/DDATA/gate", b""), "topic"),
        (Message("spBv1.0/palace/NCMD/gate", b""), "topic"),
        (Message("spAv1.0/palace/NDATA/gate", b""), "topic"),
        (Message("spBv1.0/palace/NDATA/gate", b"\xff\xff"), "payload"),
        (Message("spBv1.0/palace/NBIRTH/gate", b"", retained=True), "retained"),
    ],
)
def test_messages_that_cannot_be_read(message: Message, words: str) -> None:
    with pytest.raises(PayloadError, match=words):
        Following().hear(message)


@given(st.binary(max_size=80), st.sampled_from(sparkplug.KINDS))
def test_noise_never_breaks_the_host(noise: bytes, kind: str) -> None:
    follow = Following()
    follow.hear(SESSION[0])
    topic = f"spBv1.0/palace/{kind}/gate{'/r1' if kind[0] == 'D' else ''}"
    for _ in range(2):
        try:
            heard = follow.host.take(Message(topic, noise), START_MS)
        except PayloadError:
            continue
        assert isinstance(heard, Heard)
        follow.bridge.accept(heard.readings)


_integers = [
    (DataType.INT8, -128, 127),
    (DataType.INT16, -(2**15), 2**15 - 1),
    (DataType.INT32, -(2**31), 2**31 - 1),
    (DataType.INT64, -(2**63), 2**63 - 1),
    (DataType.UINT8, 0, 255),
    (DataType.UINT16, 0, 2**16 - 1),
    (DataType.UINT32, 0, 2**32 - 1),
    (DataType.UINT64, 0, 2**64 - 1),
]


@st.composite
def _metrics(draw: st.DrawFn) -> Metric:
    datatype, low, high = draw(st.sampled_from(_integers))
    value: Any = draw(st.one_of(st.none(), st.integers(low, high)))
    if draw(st.booleans()):
        datatype, value = draw(
            st.sampled_from([(DataType.BOOLEAN, True), (DataType.STRING, "on"), (DataType.DOUBLE, 0.1)])
        )
    return Metric(draw(st.text(max_size=9)), draw(st.none() | st.integers(0, 99)), START_MS, datatype, value)


@given(st.lists(_metrics(), max_size=4), st.none() | st.integers(0, 255))
def test_what_is_written_is_read(metrics: list[Metric], seq: int | None) -> None:
    payload = decode_payload(encode_payload(START_MS, metrics, seq))
    assert (payload.time_ms, payload.seq) == (START_MS, seq)
    assert [replace(each, value=signed(each.value, each.datatype)) for each in payload.metrics] == metrics


@pytest.mark.parametrize(("datatype", "low", "high"), _integers)
def test_integers_that_do_not_fit_are_refused(datatype: DataType, low: int, high: int) -> None:
    for value in (low - 1, high + 1, 0.5):
        with pytest.raises(ValueError, match=datatype.name):
            encode_payload(START_MS, [Metric("m", datatype=datatype, value=value)])


def test_quality_comes_with_the_metric() -> None:
    # As a property set says it: keys ["Quality"], values [{type Int32, int_value}].
    def birth(code: int) -> bytes:
        number = bytes([code & 127 | 128, code >> 7]) if code > 127 else bytes([code])
        value = b"\x08\x03\x18" + number
        properties = b"\x0a\x07Quality\x12" + bytes([len(value)]) + value
        metric = b"\x0a\x04flag\x20\x0a\x4a" + bytes([len(properties)]) + properties
        metric += b"\x69" + np.float64(2.5).tobytes()
        return b"\x12" + bytes([len(metric)]) + metric + b"\x18\x00"

    for code, quality in ((192, Quality.GOOD), (500, Quality.STALE), (0, Quality.BAD), (7, Quality.BAD)):
        (metric,) = decode_payload(birth(code)).metrics
        assert (metric.name, metric.value, metric.quality) == ("flag", 2.5, quality)


def commands() -> Iterator[tuple[str, str, Any, Metric]]:
    yield "r1", "setpoint", 21, Metric("setpoint", 2, START_MS, DataType.INT16, 21)
    yield "r1", "mode", "cool", Metric("mode", 3, START_MS, DataType.STRING, "cool")
    yield "l1", "switch", "on", Metric("switch", 4, START_MS, DataType.BOOLEAN, True)


@pytest.mark.parametrize(("device", "point", "value", "metric"), list(commands()))
def test_commands_are_in_the_metrics_own_type(device: str, point: str, value: Any, metric: Metric) -> None:
    follow = Following()
    command = make_command(follow.bridge.registry, "c", device, point, value, START_MS)
    with pytest.raises(CommandError, match="birth"):
        follow.host.command(command)
    assert not follow.host.writes(device, point)
    follow.hear(*SESSION[:3])
    assert follow.host.writes(device, point)
    message = follow.host.command(command)
    assert message.topic == f"spBv1.0/palace/DCMD/gate/{device}"
    assert decode_payload(message.payload).metrics == (metric,)


def test_commands_are_written_as_the_other_implementation_writes_them() -> None:
    ours = encode_payload(START_MS + 3000, [Metric("setpoint", 2, None, DataType.INT16, -3)])
    assert decode_payload(ours) == decode_payload(bytes.fromhex(GOLDEN["dcmd"]))
    rebirth = sparkplug.rebirth_message(GATE, START_MS + 3000)
    assert rebirth.topic == "spBv1.0/palace/NCMD/gate"
    assert decode_payload(rebirth.payload) == decode_payload(bytes.fromhex(GOLDEN["ncmd"]))


def test_a_command_that_the_type_cannot_hold() -> None:
    follow = Following()
    follow.hear(*SESSION[:3])
    command = make_command(follow.bridge.registry, "c", "r1", "setpoint", 21.5, START_MS)
    with pytest.raises(CommandError, match="INT16"):
        follow.host.command(command)
    with pytest.raises(CommandError, match="no point"):
        follow.host.command(replace(command, point="nothing"))
    follow.hear(data(3, Metric("temperature", value=1.0), topic="DBIRTH/gate/r1"))
    with pytest.raises(CommandError, match="setpoint"):
        follow.host.command(command)


@pytest.mark.parametrize("settings", [SparkplugSettings(group="a/b"), SparkplugSettings(host_id="#")])
def test_names_that_are_no_part_of_a_topic(settings: SparkplugSettings) -> None:
    with pytest.raises(AdapterError, match="Sparkplug"):
        SparkplugAdapter("mqtt://localhost", registry(), settings)


LINE = """
- id: edge
  kind: sparkplug
  url: mqtt://127.0.0.1:9
  group: palace
  host_id: twin
  metrics: {HVAC/Temp: temperature}
"""


async def test_a_line_of_the_adapter_file(tmp_path: Path) -> None:
    around = Surroundings("palace", registry(), HandClock(), tmp_path, {})
    (line,) = make_lines(parse_adapter_file(LINE), around)
    await line.start(Bridge(registry(), HandClock()))
    assert isinstance(line.adapter, SparkplugAdapter)
    await line.stop()
    with pytest.raises(AdapterFileError, match="5: group"):
        parse_adapter_file(LINE.replace("group: palace", "group: a/b"))


@pytest.mark.parametrize("query", ["", "?version=5"])
async def test_through_a_real_broker(tmp_path: Path, query: str) -> None:
    port = free_port()
    mosquitto = Mosquitto(tmp_path, port)
    await mosquitto.start()
    bridge = Bridge(registry(), HandClock(START_MS + 5000))
    settings = SparkplugSettings(group="palace", host_id="twin")
    adapter = SparkplugAdapter(f"mqtt://127.0.0.1:{port}{query}", bridge.registry, settings, QUICK)
    await adapter.start(bridge)
    try:
        await until(lambda: adapter.health().connected)
        async with aiomqtt.Client("127.0.0.1", port) as node:
            await node.subscribe("spBv1.0/#", qos=1)
            messages = aiter(node.messages)

            async def heard(topic: str) -> bytes:
                while True:
                    message = await asyncio.wait_for(anext(messages), WAIT_S)
                    if str(message.topic) == topic:
                        assert isinstance(message.payload, bytes)
                        return message.payload

            assert json.loads(await heard("spBv1.0/STATE/twin"))["online"] is True
            await node.publish(SESSION[3].topic, SESSION[3].payload)
            assert await heard("spBv1.0/palace/NCMD/gate")
            for message in SESSION[:3]:
                await node.publish(message.topic, message.payload)
            await until(lambda: adapter.writes("l1", "switch"))
            await adapter.send(make_command(bridge.registry, "c", "l1", "switch", "off", START_MS))
            assert decode_payload(await heard("spBv1.0/palace/DCMD/gate/l1")).metrics[0].value is False
            await node.publish("spBv1.0/palace/NDATA/gate", b"\xff")
            await until(lambda: adapter.health().refused == 1)
            assert "1 edge node alive" in adapter.health().detail
            await adapter.stop()
            assert json.loads(await heard("spBv1.0/STATE/twin"))["online"] is False
    finally:
        await adapter.stop()
        await mosquitto.kill()
    assert bridge.live.known.sum() == 5
