"""The venue and the crowd that the benchmark of latency works with."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.latency import cpu_of, write_venue
from benchmarks.mqtt_load import VENUE, device_name
from telemetry_bridge.registry import load_registry
from twin.venue import load_venue


def test_the_venue_has_so_many_points_and_the_devices_that_publish(tmp_path: Path) -> None:
    folder = tmp_path / "venue"
    write_venue(folder, 25)
    registry = load_registry(folder / "device_types.yaml", folder / "devices.csv")
    assert len(registry) == 25
    point = registry.find(device_name(24), "value")
    assert point is not None
    assert point.range is None, "a value is a time of day"
    assert load_venue(folder).info.id == VENUE


def test_a_process_has_used_the_processor() -> None:
    before_s = cpu_of(os.getpid())
    assert before_s > 0
    sum(range(3_000_000))
    assert cpu_of(os.getpid()) >= before_s
