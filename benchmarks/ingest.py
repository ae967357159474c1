"""How fast samples come in: from bytes to the live state and the hub, and over MQTT through a real broker.

    python -m benchmarks.ingest [--quick]

1. Columns: batches of frames as a gateway sends them, from their bytes through `columns`, the bridge, the
   live state and the cutting of frames to the hub with a client connected; samples for each second of CPU,
   on one core. The same as JSON columns; and the naive way, each sample of the same batches accepted by
   itself, in the same run.
2. MQTT: messages of one sample each, published by a process of its own through mosquitto, into the adapter
   as the server runs it, with the pump and the hub. Besides, in the same run, the naive way: aiomqtt, each
   message parsed and accepted by itself.

Published figures of others are printed for context: they were measured elsewhere, with their storage.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import struct
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import numpy as np
import orjson
import uvloop

from benchmarks.mqtt_load import VENUE, device_name, load, mosquitto
from benchmarks.report import finish, print_table
from telemetry_bridge.adapters.mqtt import MqttAdapter
from telemetry_bridge.bridge import Bridge
from telemetry_bridge.clock import SystemClock
from telemetry_bridge.columns import ColumnReader, deliver_columns
from telemetry_bridge.hub import Hub
from telemetry_bridge.payload import parse_reports, read_document, telemetry_topic
from telemetry_bridge.points import Device, DeviceType, PointType, Registry
from telemetry_bridge.ports import Reading
from telemetry_bridge.pump import Pump
from telemetry_bridge.wire import Frame, Kind, Values, decode_frame, encode_frame

SEED = 7
GOAL_COLUMNS = 1_000_000
GOAL_MQTT = 20_000
#: Published by others, points or changes a second for each busy core; see docs/operations.md.
THINGSBOARD = 4_000
DITTO = 800
QUIET_S = 5.0
#: Where a frame's header has its time.
TIME_AT = 16


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured: points, samples a batch, batches, MQTT messages."""

    points: int
    batch: int
    batches: int
    naive_batches: int
    messages: int
    naive_messages: int


def registry_of(points: int) -> Registry:
    """So many devices of one gauge each."""
    kind = DeviceType("gauge", points=(PointType("value", low=-1e6, high=1e6),))
    return Registry([kind], [Device(device_name(each), "gauge") for each in range(points)])


class Receiver:
    """A bridge and a hub, with one client that takes what it gets."""

    def __init__(self, registry: Registry) -> None:
        self.bridge = Bridge(registry, SystemClock())
        self.hub = Hub(len(registry), epoch=self.bridge.epoch)
        self._client = self.hub.connect(lambda: None)

    def publish(self) -> None:
        """Cut a frame and let the client take it."""
        outgoing = self.bridge.flush()
        if outgoing is not None:
            self.hub.publish(outgoing)
        while self._client.take() is not None:
            pass


def batches(plan: Plan) -> list[tuple[np.ndarray[tuple[int], np.dtype[np.uint32]], Values]]:
    """Points in any order, some of them more than once, with their values."""
    random = np.random.default_rng(SEED)
    return [
        (
            random.integers(0, plan.points, plan.batch).astype(np.uint32),
            np.round(random.normal(20.0, 5.0, plan.batch), 1),
        )
        for _ in range(16)
    ]


def rate_of(step: Callable[[int], None], count: int, samples: int) -> float:
    """Samples for each second of CPU; `step` takes one batch."""
    step(0)
    begin_s = time.process_time()
    for number in range(count):
        step(number)
    return count * samples / (time.process_time() - begin_s)


def columns_measured(plan: Plan) -> dict[str, float]:
    """All ways of taking the same batches."""
    registry = registry_of(plan.points)
    reader, some = ColumnReader(registry), batches(plan)
    quality = np.zeros(plan.batch, np.uint8)
    now_ms = time.time() * 1000.0
    frames = [encode_frame(Frame(Kind.DELTA, 1, now_ms, index, value, quality)) for index, value in some]
    keys = [point.key for point in registry.points]
    texts = [
        orjson.dumps({"columns": {"point": [keys[each] for each in index], "value": value.tolist()}})
        for index, value in some
    ]
    receiver, by_text, naive = Receiver(registry), Receiver(registry), Receiver(registry)

    def take_frame(number: int) -> None:
        # A time of its own for each batch, else its samples were late and cost nothing.
        data = bytearray(frames[number % len(frames)])
        struct.pack_into("<d", data, TIME_AT, now_ms + number)
        deliver_columns(reader.read_frames(bytes(data), registry.hash), receiver.bridge)
        receiver.publish()

    def take_text(number: int) -> None:
        deliver_columns(reader.read_json(read_document(texts[number % len(texts)])), by_text.bridge)
        by_text.publish()

    def take_each(number: int) -> None:
        frame = decode_frame(frames[number % len(frames)])
        for point_index, value in zip(frame.point_index.tolist(), frame.value.tolist(), strict=True):
            point = registry.points[point_index]
            naive.bridge.accept([Reading(point.device, point.name, value)])
        naive.publish()

    return {
        "columns_samples_per_cpu_s": rate_of(take_frame, plan.batches, plan.batch),
        "json_columns_samples_per_cpu_s": rate_of(take_text, max(plan.batches // 10, 3), plan.batch),
        "naive_samples_per_cpu_s": rate_of(take_each, plan.naive_batches, plan.batch),
    }


async def mqtt_measured(port: int, plan: Plan, qos: int) -> dict[str, float]:
    """Messages through the broker into adapter, bridge, pump and hub, as fast as they come."""
    receiver = Receiver(registry_of(plan.points))
    adapter = MqttAdapter(f"mqtt://127.0.0.1:{port}", VENUE, receiver.bridge.registry)
    pump = asyncio.create_task(Pump(receiver.bridge, receiver.hub).run())
    await adapter.start(receiver.bridge)
    while not adapter.health().connected:
        await asyncio.sleep(0.01)
    with load(port, plan.messages, 0, plan.points, qos):
        measured = await watched(lambda: adapter.health().received, plan.messages)
    await adapter.stop()
    pump.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await pump
    return {f"mqtt_qos{qos}_{name}": value for name, value in measured.items()}


async def naive_measured(port: int, plan: Plan) -> dict[str, float]:
    """The same by aiomqtt, one message after the other."""
    receiver = Receiver(registry_of(plan.points))
    count = 0

    async def take(client: aiomqtt.Client) -> None:
        nonlocal count
        async for message in client.messages:
            device = str(message.topic).split("/")[3]
            assert isinstance(message.payload, bytes)
            receiver.bridge.accept(parse_reports(device, message.payload).readings)
            count += 1

    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe(telemetry_topic(VENUE, "+"))
        task = asyncio.create_task(take(client))
        with load(port, plan.naive_messages, 0, plan.points):
            measured = await watched(lambda: count, plan.naive_messages)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    return {f"naive_mqtt_{name}": value for name, value in measured.items()}


async def watched(count: Callable[[], int], messages: int) -> dict[str, float]:
    """Wait for all messages; a second and CPU time each, from the first to the last."""
    while not count():
        await asyncio.sleep(0.001)
    first, wall_s, cpu_s = count(), time.perf_counter(), time.process_time()
    last, last_s, last_cpu_s = first, wall_s, cpu_s
    while last < messages and time.perf_counter() - last_s < QUIET_S:
        await asyncio.sleep(0.02)
        if count() > last:
            last, last_s, last_cpu_s = count(), time.perf_counter(), time.process_time()
    taken = max(last - first, 1)
    return {
        "messages_per_s": taken / (last_s - wall_s),
        "messages_per_cpu_s": taken / (last_cpu_s - cpu_s),
        "lost": messages - last,
    }


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How fast samples come in.")
    parser.add_argument("--quick", action="store_true", help="within a minute")
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=10_000)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, and as the last line one JSON object."""
    options = _options(arguments)
    logging.disable(logging.WARNING)
    plan = Plan(options.points, options.batch, 1000, 5, 400_000, 100_000)
    if options.quick:
        plan = Plan(options.points, options.batch, 200, 1, 60_000, 20_000)
    figures = columns_measured(plan)
    with tempfile.TemporaryDirectory(prefix="twin-ingest-") as folder, mosquitto(Path(folder)) as port:
        for qos in (0, 1):
            figures |= uvloop.run(mqtt_measured(port, plan, qos))
        figures |= uvloop.run(naive_measured(port, plan))
    _report(plan, figures)
    return 0


def _report(plan: Plan, figures: dict[str, float]) -> None:
    naive = {name: value for name, value in figures.items() if name.startswith("naive")}
    ours = {name: value for name, value in figures.items() if not name.startswith("naive")}
    ratios = {
        "columns": figures["columns_samples_per_cpu_s"] / figures["naive_samples_per_cpu_s"],
        "mqtt": figures["mqtt_qos0_messages_per_cpu_s"] / figures["naive_mqtt_messages_per_cpu_s"],
        "columns_to_thingsboard": figures["columns_samples_per_cpu_s"] / THINGSBOARD,
        "mqtt_to_thingsboard": figures["mqtt_qos0_messages_per_cpu_s"] / THINGSBOARD,
        "mqtt_to_ditto": figures["mqtt_qos0_messages_per_cpu_s"] / DITTO,
    }
    load_1 = os.getloadavg()[0]
    title = f"{plan.points:,} points, batches of {plan.batch:,}; load {load_1:.1f} on {os.cpu_count()} cores"
    rows = [(name.replace("_", " "), f"{value:,.0f}") for name, value in figures.items()]
    rows += [
        ("context: ThingsBoard, points a second and busy core (published)", f"~{THINGSBOARD:,}"),
        ("context: Eclipse Ditto, changes a second (published)", f"~{DITTO:,}"),
    ]
    print_table(title, ("", ""), rows)
    finish(
        "ingest",
        {"points": plan.points, "batch": plan.batch, "load": load_1, **ours},
        {**naive, "thingsboard_published_points_per_s": THINGSBOARD, "ditto_published_changes_per_s": DITTO},
        ratios,
        {"columns_samples_per_cpu_s": GOAL_COLUMNS, "mqtt_messages_per_s": GOAL_MQTT},
        {
            "columns": figures["columns_samples_per_cpu_s"] >= GOAL_COLUMNS,
            "mqtt": figures["mqtt_qos0_messages_per_s"] >= GOAL_MQTT and figures["mqtt_qos0_lost"] == 0,
        },
    )


if __name__ == "__main__":
    raise SystemExit(main())
