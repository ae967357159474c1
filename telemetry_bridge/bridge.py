"""Readings in, frames out: the middle of the package. No I/O."""

import logging
import math
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from telemetry_bridge.clock import Clock
from telemetry_bridge.device_clocks import DeviceClocks
from telemetry_bridge.live import LiveState, Mask, Rows
from telemetry_bridge.points import Registry
from telemetry_bridge.ports import MAX_LISTED, Acceptance, Reading, Refusal, RefusalCode, clipped
from telemetry_bridge.refused import RefusedSenders
from telemetry_bridge.times import format_rfc3339
from telemetry_bridge.values import BadValue, number_of
from telemetry_bridge.wire import Frame, Indices, Kind, Quality, Values, encode_frame

LOG = logging.getLogger(__name__)

#: A clock that is kept right by small steps back is not set back.
CLOCK_TREMBLES_MS = 1000.0


@dataclass(frozen=True, slots=True)
class BridgeSettings:
    """What the bridge takes: samples at most so far ahead of the clock, at most so old, in ms."""

    max_ahead_ms: float = 5 * 60_000.0
    max_age_ms: float = 24 * 3_600_000.0
    real_beats_simulated_ms: float = 60_000.0


class _Gathered:
    """Columns that grow by one reading; `faults` by row."""

    __slots__ = ("faults", "index", "quality", "readings", "time_ms", "value")

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.index: list[int] = []
        self.value: list[float] = []
        self.time_ms: list[float | None] = []
        self.quality: list[Quality] = []
        self.faults: dict[int, tuple[Reading, BadValue]] = {}

    def add(self, reading: Reading, index: int, value: float | BadValue) -> None:
        """Add one; a bad value is none."""
        if isinstance(value, BadValue):
            self.faults[len(self.readings)] = reading, value
            value = np.nan
        self.readings.append(reading)
        self.index.append(index)
        self.value.append(value)
        self.time_ms.append(reading.time_ms)
        self.quality.append(reading.quality)


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
        self.clocks = DeviceClocks(registry)
        #: Called when samples came, before anything else happens: for whoever cuts the frames.
        self.on_news: Callable[[], None] | None = None
        #: Called with the samples that were taken here, late ones too: point_index, value, time_ms, quality,
        #: each (m,).
        self.on_taken: Callable[[Rows, Values, Values, Rows], None] | None = None
        self._latest_ms = -math.inf
        self._is_state = np.array([bool(point.states) for point in registry.points], dtype=np.bool_)
        self.live = LiveState(
            registry.low, registry.high, registry.period_ms, self.settings.real_beats_simulated_ms
        )

    def _now_ms(self) -> float:
        """Give the time, whole ms, and let the live state know how fast it passes; never slower than in
        reality.
        """
        self.live.speed = max(1.0, self.clock.speed)
        now_ms = float(math.floor(self.clock.now_ms()))
        if now_ms < self._latest_ms - CLOCK_TREMBLES_MS:
            LOG.warning("the server's clock was set back by %.0f s", (self._latest_ms - now_ms) / 1000.0)
            self.live.rewind(now_ms)
            self._latest_ms = now_ms
        self._latest_ms = max(self._latest_ms, now_ms)
        return now_ms

    def accept(self, readings: Sequence[Reading], *, simulated: bool = False) -> Acceptance:
        """Take the good readings; each of the others is refused with its reason, by its `row`.

        A value that the point cannot take (NaN, null, no state of it) is refused too, and marks its point
        bad: that the sensor fails must not go unseen. Values outside the range are taken, with quality bad.
        """
        now_ms = self._now_ms()
        gathered = _Gathered()
        refused: list[Refusal] = []
        for reading in readings:
            self._gather(reading, gathered, refused)
        if gathered.readings:
            refused += self._take(gathered, now_ms, simulated=simulated)
            refused.sort(key=lambda each: each.index)
        return Acceptance(len(readings) - len(refused), tuple(refused))

    def _gather(self, reading: Reading, gathered: "_Gathered", refused: list[Refusal]) -> None:
        """Look the point up and read the value; what cannot be read is refused, and gathered without one."""
        point = self.registry.find(reading.device, reading.point)
        if point is None:
            refused.append(self._unknown(reading))
            return
        if reading.time_ms is not None and not math.isfinite(reading.time_ms):
            refused.append(_refusal(reading, BadValue("bad_time", "the time is not a number")))
            return
        number: float | BadValue = np.nan
        # None and BAD: the protocol's own word that there is no reading, so nothing to refuse.
        if reading.value is not None or reading.quality is not Quality.BAD:
            number = number_of(point, reading.value)
        gathered.add(reading, point.point_index, number)

    def _take(self, gathered: "_Gathered", now_ms: float, *, simulated: bool) -> list[Refusal]:
        """Apply what is of a time that can be; gives what was refused for its time or its value."""
        index, value = np.array(gathered.index, dtype=np.intp), np.array(gathered.value)
        said_ms = np.array(gathered.time_ms, dtype=np.float64)  # None becomes NaN
        time_ms = np.full(len(index), now_ms)
        rows = np.flatnonzero(np.isfinite(said_ms))
        time_ms[rows] = said_ms[rows] if simulated else self._server_times(index[rows], said_ms[rows], now_ms)
        quality = np.array(gathered.quality, dtype=np.intp)
        taken = self._is_in_time(time_ms, now_ms)
        self._apply(
            index[taken],
            value[taken],
            self._not_after(time_ms[taken], now_ms),
            np.full(int(taken.sum()), Quality.SIMULATED) if simulated else quality[taken],
            now_ms,
        )
        faults = (each for row, each in gathered.faults.items() if taken[row])
        refused = [_refusal(reading, fault, "; the point is marked bad") for reading, fault in faults]
        for row in np.flatnonzero(~taken):
            code, reason = self._time_fault(float(time_ms[row]), now_ms)
            refused.append(_refusal(gathered.readings[row], BadValue(code, reason)))
        return refused

    def _server_times(self, index: Rows, time_ms: Values, now_ms: float) -> Values:
        """Give times of devices by the server's clock; in faster time these have nothing in common."""
        return time_ms if self.clock.speed != 1.0 else self.clocks.corrected(index, time_ms, now_ms)

    def _not_after(self, time_ms: Values, now_ms: float) -> Values:
        """What is a little ahead came from a clock a little ahead: nothing is measured after it came."""
        return time_ms if self.clock.speed != 1.0 else np.minimum(time_ms, now_ms)

    def _is_in_time(self, time_ms: Values, now_ms: float) -> Mask:
        """(m,) bool: neither in the future nor too old; NaN is neither."""
        in_time: Mask = (time_ms <= now_ms + self.settings.max_ahead_ms) & (
            time_ms >= now_ms - self.settings.max_age_ms
        )
        return in_time

    def _unknown(self, reading: Reading) -> Refusal:
        if reading.device not in self.registry.devices:
            self.refused.count("message", reading.device, "unknown_device")
            reason = f"no device {clipped(reading.device)!r} in the registry"
            return _refusal(reading, BadValue("unknown_device", reason))
        names = ", ".join(each.name for each in self.registry.points_of(reading.device)) or "none"
        reason = f"{reading.device} has no point {clipped(reading.point)!r}; it has {names}"
        return _refusal(reading, BadValue("unknown_point", reason))

    def note_strangers(self, devices: Collection[str]) -> None:
        """Count those of the devices that a message named which the registry does not have."""
        for device in sorted(set(devices) - self.registry.devices.keys()):
            self.refused.count("message", device, "unknown_device")

    def _time_fault(self, time_ms: float, now_ms: float) -> tuple[RefusalCode, str]:
        """Say why `_is_in_time` does not hold."""
        if time_ms > now_ms + self.settings.max_ahead_ms:
            minutes = self.settings.max_ahead_ms / 60_000
            return "future", f"more than {minutes:g} minutes ahead of the server's clock; set the device's"
        if time_ms < now_ms - self.settings.max_age_ms:
            return "too_old", f"older than {self.settings.max_age_ms / 3_600_000:g} hours"
        return "bad_time", "the time is not a number"

    def accept_columns(
        self, point_index: ArrayLike, value: ArrayLike, time_ms: ArrayLike | None, quality: ArrayLike
    ) -> Acceptance:
        """Take m samples as columns: the fast way for simulators and columnar protocols.

        `point_index` (m,) integer, `value` (m,) float in the point's unit, `time_ms` and `quality` (m,) or
        one for all; no time: now. A value that is no number, or no state of its point, is taken as bad.
        Samples outside the time window are refused by their row; of very many, the first ones by name.

        Raises:
            ValueError: columns of different lengths, an unknown point_index or quality.
        """
        now_ms = self._now_ms()
        index = np.asarray(point_index, dtype=np.intp)
        values = np.asarray(value, dtype=np.float64)
        times = np.asarray(now_ms if time_ms is None else time_ms, dtype=np.float64)
        times = np.broadcast_to(times, index.shape)
        qualities = np.broadcast_to(np.asarray(quality, dtype=np.intp), index.shape)
        if values.shape != index.shape or index.ndim != 1:
            raise ValueError(f"columns differ in shape: {index.shape}, {values.shape}")
        _check_bounds("point_index", index, len(self.registry))
        _check_bounds("quality", qualities, len(Quality))
        values = np.where(self._is_state[index] & (values != np.floor(values)), np.nan, values)
        if time_ms is not None:
            rows = np.flatnonzero(qualities != Quality.SIMULATED)
            times = times.copy()
            times[rows] = self._server_times(index[rows], times[rows], now_ms)
        taken = self._is_in_time(times, now_ms)
        if taken.all():
            self._apply(index, values, self._not_after(times, now_ms), qualities, now_ms)
            return Acceptance(len(index))
        in_time = self._not_after(times[taken], now_ms)
        self._apply(index[taken], values[taken], in_time, qualities[taken], now_ms)
        return self._without(np.flatnonzero(~taken), index, times, now_ms)

    def _apply(self, index: Rows, value: Values, time_ms: Values, quality: ArrayLike, now_ms: float) -> None:
        qualities = np.broadcast_to(np.asarray(quality, dtype=np.intp), index.shape)
        counts = (time_ms < self.live.time_ms[index]) & (qualities != Quality.SIMULATED)
        counts |= self.live.apply(index, value, time_ms, quality, now_ms)
        if self.on_news is not None:
            self.on_news()
        if self.on_taken is not None and counts.any():
            self.on_taken(index[counts], value[counts], time_ms[counts], qualities[counts])

    def take_over(self, index: ArrayLike, value: Values, time_ms: Values, quality: ArrayLike) -> None:
        """Take samples that another process has judged; `on_taken` does not hear of them."""
        self.live.apply(index, value, time_ms, quality, self._now_ms())
        if self.on_news is not None:
            self.on_news()

    def _without(self, rows: Rows, index: Rows, time_ms: Values, now_ms: float) -> Acceptance:
        """Say what became of a batch of which these rows were refused for their times."""
        listed = [
            self._refused_row(int(row), int(index[row]), time_ms[row], now_ms) for row in rows[:MAX_LISTED]
        ]
        return Acceptance(len(index) - len(rows), tuple(listed), len(rows) - len(listed))

    def _refused_row(self, row: int, point_index: int, time_ms: float, now_ms: float) -> Refusal:
        point = self.registry.points[point_index]
        code, reason = self._time_fault(float(time_ms), now_ms)
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


def _refusal(reading: Reading, fault: BadValue, besides: str = "") -> Refusal:
    return Refusal.of(reading.row, reading.device, reading.point, fault.code, fault.reason + besides)


def _check_bounds(name: str, column: Rows, size: int) -> None:
    if len(column) and (column.min() < 0 or column.max() >= size):
        raise ValueError(f"{name} is outside 0..{size - 1}")
