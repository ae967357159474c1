"""How a process joins the others of its twin: the bus of the settings, and the state that travels."""

import numpy as np

from telemetry_bridge.bus import Batch, Findings
from telemetry_bridge.live import LiveState
from telemetry_bridge.points import Registry
from telemetry_bridge.redis_bus import BusSettings, RedisBus, SampleSettings
from telemetry_bridge.wire import Quality
from twin.errors import SettingError
from twin.settings import Settings
from twin.venue import Venue


def open_bus(settings: Settings, venue: Venue, registry: Registry) -> RedisBus:
    """The bus to the other processes; nothing is connected yet. BusError: the URL is none."""
    if settings.redis is None:
        raise SettingError("there is no bus without --redis")
    samples = SampleSettings(settings.redis_entries, settings.redis_waiting_samples)
    return RedisBus(
        settings.redis,
        venue.info.id,
        registry.hash,
        len(registry),
        BusSettings(settings.redis_lease_s, samples),
    )


def found_elsewhere(bus: RedisBus | None) -> list[Findings]:
    """What the other processes found out about devices; nothing where this one is alone."""
    return [] if bus is None else [each.findings for each in bus.board.processes if each.name != bus.name]


def check_replica(settings: Settings) -> None:
    """Make sure that a server can be one of several. SettingError: it lacks what they share."""
    if settings.redis is None:
        return
    if not (settings.database or "").startswith("postgres"):
        raise SettingError(
            "--redis: several servers share their records; give --database postgresql://USER@HOST/NAME"
        )
    for name, is_given in (
        ("--mqtt", settings.mqtt is not None),
        ("--simulate", settings.simulate),
    ):
        if is_given:
            raise SettingError(f"{name}: with --redis workers hold the lines; give it to 'twin bridge'")
    if settings.embedded_broker:
        raise SettingError("TWIN_EMBEDDED_BROKER: with --redis run mosquitto, and give 'twin bridge' --mqtt")


def state_of(live: LiveState) -> Batch:
    """The newest sample of every point, as one batch.

    What went stale here goes stale there by itself, so that a simulated point is told as simulated.
    """
    index = np.flatnonzero(live.known)
    quality = live.quality[index].astype(np.intp)
    quality[live.simulated[index] & (quality == Quality.STALE)] = Quality.SIMULATED
    return Batch.of(index, live.value[index].copy(), live.time_ms[index].copy(), quality)
