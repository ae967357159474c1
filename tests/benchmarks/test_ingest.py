"""What the benchmark of ingest measures with: every way takes the same samples, and none is lost."""

from __future__ import annotations

from pathlib import Path

from benchmarks.ingest import (
    Plan,
    Receiver,
    batches,
    columns_measured,
    mqtt_measured,
    naive_measured,
    registry_of,
)
from benchmarks.mqtt_load import mosquitto, stamped_packet
from telemetry_bridge.mqtt_codec import Login, Session
from telemetry_bridge.payload import parse_reports, telemetry_topic

SMALL = Plan(points=50, batch=200, batches=3, naive_batches=1, messages=3000, naive_messages=500)


def test_every_way_of_columns_gives_a_figure() -> None:
    assert all(value > 0 for value in columns_measured(SMALL).values())


def test_a_receiver_publishes_what_it_was_given() -> None:
    receiver = Receiver(registry_of(SMALL.points))
    index, value = batches(SMALL)[0]
    receiver.bridge.accept_columns(index, value, None, 0)
    receiver.publish()
    assert receiver.hub.latest.seq == receiver.bridge.seq == 1
    assert receiver.bridge.live.known.sum() == len(set(index.tolist()))


async def test_no_message_is_lost_on_either_way(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port:
        for qos in (0, 1):
            assert (await mqtt_measured(port, SMALL, qos))[f"mqtt_qos{qos}_lost"] == 0
        assert (await naive_measured(port, SMALL))["naive_mqtt_lost"] == 0


def test_a_stamped_message_holds_the_time() -> None:
    packet = stamped_packet(Session(Login("load")), telemetry_topic("bench", "D-1"))
    (message,) = Session(Login("x")).receive(packet).messages
    (reading,) = parse_reports("D-1", message.payload).readings
    assert isinstance(reading.value, float)
    assert reading.value > 1.7e12
