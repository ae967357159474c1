"""Small registries and clocks for the tests."""

from collections.abc import Iterable

from telemetry_bridge.payload import Batch, read_document, read_samples
from telemetry_bridge.points import Device, DeviceType, PointType, Registry, State

START_MS = 1_790_000_000_000.0

SWITCH = (State("off", "关", "Off"), State("on", "开", "On"))
STATUS = (State("off", "关", "Off"), State("on", "开", "On"), State("fault", "故障", "Fault"))
MODE = (State("cool", "制冷", "Cool"), State("heat", "制热", "Heat"), State("fan", "送风", "Fan"))

ROOM = DeviceType(
    "room",
    points=(
        PointType("temperature", "Zone_Air_Temperature_Sensor", "degC", -30, 60, period_s=60),
        PointType("setpoint", "Zone_Air_Temperature_Setpoint", "degC", 5, 35, writable=True, period_s=60),
        PointType("mode", "Mode_Status", low=0, high=2, states=MODE, writable=True, period_s=60),
    ),
)
LAMP = DeviceType(
    "lamp",
    points=(
        PointType("switch", "On_Off_Status", low=0, high=1, states=SWITCH, writable=True, period_s=30),
        PointType("status", "On_Off_Status", low=0, high=2, states=STATUS, period_s=30),
        PointType("flag", period_s=30),
    ),
)


class HandClock:
    """A clock that is moved by hand."""

    def __init__(self, now_ms: float = START_MS, speed: float = 1.0) -> None:
        self.time_ms = now_ms
        self.speed = speed

    def now_ms(self) -> float:
        return self.time_ms


def registry(rooms: Iterable[str] = ("r1", "r2"), lamps: Iterable[str] = ("l1",)) -> Registry:
    devices = [Device(each, "room", guid=f"guid-{each}") for each in rooms]
    devices += [Device(each, "lamp") for each in lamps]
    return Registry([ROOM, LAMP], devices)


def parse_http(data: bytes) -> Batch:
    """Read a body of `POST /api/telemetry` with samples."""
    return read_samples(read_document(data))
