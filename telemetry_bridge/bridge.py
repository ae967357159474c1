"""Readings in, frames out: the middle of the package. No I/O."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from telemetry_bridge.clock import Clock
from telemetry_bridge.live import LiveState, Rows
from telemetry_bridge.points import Point, Registry
from telemetry_bridge.ports import Acceptance, Reading, Refusal, RefusalCode, clipped
from telemetry_bridge.refused import RefusedSenders
from telemetry_bridge.times import format_rfc3339
from telemetry_bridge.values import BadValue, number_of
from telemetry_bridge.wire import Frame, Indices, Kind, Quality, encode_frame


@dataclass(frozen=True, slots=True)
class BridgeSettings:
    """What the bridge takes: samples at most so far ahead of the clock, at most so old, in ms."""

    max_ahead_ms: float = 5 * 60_000.0
    max_age_ms: float = 24 * 3_600_000.0
    real_beats_simulated_ms: float = 60_000.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A frame and its bytes: encoded once, sent to all."""

    frame: Frame
    data: bytes

    @classmethod
    def of(cls, frame: Frame) -> "Outgoing":
        """Encode a frame."""
        return cls(frame, encode_frame(frame))


class Bridge:
    """Takes readings, keeps the live state, and cuts the stream of frames.

    `epoch` names this stream: a new one (a restart) starts at `seq` 0 again. `simulated` says whether a
    simulator feeds it, for the viewer to show. Single-threaded: call it from one event loop.
    """

    def __init__(
        self,
        registry: Registry,
        clock: Clock,
        settings: BridgeSettings | None = None,
        *,
        simulated: bool = False,
        epoch: str | None = None,
    ) -> None:
        self.registry = registry
        self.clock = clock
        self.settings = settings or BridgeSettings()
        self.simulated = simulated
        self.epoch = epoch or secrets.token_hex(8)
        self.seq = 0
        self.refused = RefusedSenders()
        self.live = LiveState(
            registry.low, registry.high, registry.period_ms, self.settings.real_beats_simulated_ms
        )

    def _now_ms(self) -> float:
        """Give the time, and let the live state know how fast it passes; never slower than in reality."""
        self.live.speed = max(1.0, self.clock.speed)
        return self.clock.now_ms()

    def accept(self, readings: Sequence[Reading], *, simulated: bool = False) -> Acceptance:
        """Take the good readings; each of the others is refused with its reason, by its `row`.

        A value that is no number (NaN, null) is refused too, and marks its point bad: that the sensor fails
        must not go unseen. Values outside the range are taken, with quality bad.
        """
        now_ms = self._now_ms()
        index: list[int] = []
        value: list[float] = []
        time_ms: list[float] = []
        quality: list[Quality] = []
        refused: list[Refusal] = []
        for reading in readings:
            point, refusal, number = self._checked(reading, now_ms)
            if refusal is not None:
                refused.append(refusal)
            if point is not None:
                index.append(point.point_index)
                value.append(number)
                time_ms.append(now_ms if reading.time_ms is None else reading.time_ms)
                quality.append(Quality.SIMULATED if simulated else reading.quality)
        if index:
            self.live.apply(index, value, time_ms, quality, now_ms)
        return Acceptance(len(readings) - len(refused), tuple(refused))

    def _checked(self, reading: Reading, now_ms: float) -> tuple[Point | None, Refusal | None, float]:
        """Give the point to write, why the reading is refused, and its number; None: none, it is not."""
        point = self.registry.find(reading.device, reading.point)
        if point is None:
            return None, self._unknown(reading), np.nan
        if fault := self._time_fault(reading.time_ms, now_ms):
            return None, _refusal(reading, *fault), np.nan
        if reading.value is None and reading.quality is Quality.BAD:
            return point, None, np.nan  # the protocol's own word that there is no reading: nothing to refuse
        number = number_of(point, reading.value)
        if isinstance(number, BadValue):
            return point if number.no_reading else None, _refusal(reading, number.code, number.reason), np.nan
        return point, None, number

    def _unknown(self, reading: Reading) -> Refusal:
        if reading.device not in self.registry.devices:
            self.refused.count("message", reading.device, "unknown_device")
            return _refusal(
                reading, "unknown_device", f"no device {clipped(reading.device)!r} in the registry"
            )
        names = ", ".join(each.name for each in self.registry.points_of(reading.device)) or "none"
        reason = f"{reading.device} has no point {clipped(reading.point)!r}; it has {names}"
        return _refusal(reading, "unknown_point", reason)

    def _time_fault(self, time_ms: float | None, now_ms: float) -> tuple[RefusalCode, str] | None:
        if time_ms is None:
            return None
        if time_ms > now_ms + self.settings.max_ahead_ms:
            minutes = self.settings.max_ahead_ms / 60_000
            return "future", f"more than {minutes:g} minutes ahead of the server's clock; set the device's"
        if time_ms < now_ms - self.settings.max_age_ms:
            return "too_old", f"older than {self.settings.max_age_ms / 3_600_000:g} hours"
        # NaN compares false with everything.
        return None if np.isfinite(time_ms) else ("bad_time", "the time is not a number")

    def accept_columns(
        self, point_index: ArrayLike, value: ArrayLike, time_ms: ArrayLike, quality: ArrayLike
    ) -> Acceptance:
        """Take m samples as columns: the fast way for simulators and columnar protocols.

        `point_index` (m,) integer, `value` (m,) float in the point's unit, `time_ms` and `quality` (m,) or
        one for all. Samples outside the time window are refused by their row.

        Raises:
            ValueError: columns of different lengths, an unknown point_index or quality.
        """
        index = np.asarray(point_index, dtype=np.intp)
        values = np.asarray(value, dtype=np.float64)
        times = np.broadcast_to(np.asarray(time_ms, dtype=np.float64), index.shape)
        qualities = np.broadcast_to(np.asarray(quality, dtype=np.intp), index.shape)
        if values.shape != index.shape or index.ndim != 1:
            raise ValueError(f"columns differ in shape: {index.shape}, {values.shape}")
        _check_bounds("point_index", index, len(self.registry))
        _check_bounds("quality", qualities, len(Quality))
        now_ms = self._now_ms()
        taken = times <= now_ms + self.settings.max_ahead_ms
        taken &= times >= now_ms - self.settings.max_age_ms
        self.live.apply(index[taken], values[taken], times[taken], qualities[taken], now_ms)
        refused = [
            self._refused_row(int(row), int(index[row]), times[row], now_ms) for row in np.flatnonzero(~taken)
        ]
        return Acceptance(int(taken.sum()), tuple(refused))

    def _refused_row(self, row: int, point_index: int, time_ms: float, now_ms: float) -> Refusal:
        point = self.registry.points[point_index]
        code, reason = self._time_fault(float(time_ms), now_ms) or ("bad_time", "the time is no time")
        return Refusal(row, point.device, point.name, code, reason)

    def flush(self) -> Outgoing | None:
        """Cut a delta of what changed since the last one; None: nothing did. Also finds what fell silent."""
        now_ms = self._now_ms()
        self.live.mark_stale(now_ms)
        columns = self.live.take_changed()
        if not len(columns):
            return None
        return self._cut(columns.point_index, columns.value, columns.quality, now_ms)

    def heartbeat(self) -> Outgoing:
        """Cut an empty delta, for when nothing changed for a while."""
        none = np.empty(0, dtype=np.uint32)
        return self._cut(none, none.astype(np.float64), none.astype(np.uint8), self.clock.now_ms())

    def _cut(self, index: Indices, value: ArrayLike, quality: ArrayLike, now_ms: float) -> Outgoing:
        self.seq += 1
        return Outgoing.of(Frame(Kind.DELTA, self.seq, now_ms, index, np.asarray(value), np.asarray(quality)))

    def snapshot(self) -> Outgoing:
        """Give the whole state, with the `seq` of the last delta; it may be ahead of it, never behind."""
        columns = self.live.snapshot()
        now_ms = self.clock.now_ms()
        frame = Frame(Kind.SNAPSHOT, self.seq, now_ms, columns.point_index, columns.value, columns.quality)
        return Outgoing.of(frame)

    def hello(self) -> dict[str, object]:
        """Give the first message of a live connection."""
        return {
            "type": "hello",
            "epoch": self.epoch,
            "seq": self.seq,
            "time": format_rfc3339(self.clock.now_ms()),
            "registry": self.registry.hash,
            "simulated": self.simulated,
            "speed": self.clock.speed,
        }


def _refusal(reading: Reading, code: RefusalCode, reason: str) -> Refusal:
    return Refusal.of(reading.row, reading.device, reading.point, code, reason)


def _check_bounds(name: str, column: Rows, size: int) -> None:
    if len(column) and (column.min() < 0 or column.max() >= size):
        raise ValueError(f"{name} is outside 0..{size - 1}")
