"""Readings in, frames out: the middle of the package. No I/O."""

import math
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from telemetry_bridge.clock import Clock
from telemetry_bridge.live import LiveState, Rows
from telemetry_bridge.points import Registry
from telemetry_bridge.ports import MAX_LISTED, Acceptance, Reading, Refusal, RefusalCode, clipped
from telemetry_bridge.refused import RefusedSenders
from telemetry_bridge.times import format_rfc3339
from telemetry_bridge.values import BadValue, number_of
from telemetry_bridge.wire import Frame, Indices, Kind, Quality, Values, encode_frame


@dataclass(frozen=True, slots=True)
class BridgeSettings:
    """What the bridge takes: samples at most so far ahead of the clock, at most so old, in ms."""

    max_ahead_ms: float = 5 * 60_000.0
    max_age_ms: float = 24 * 3_600_000.0
    real_beats_simulated_ms: float = 60_000.0


class _Gathered:
    """Columns that grow by one sample."""

    __slots__ = ("index", "quality", "time_ms", "value")

    def __init__(self) -> None:
        self.index: list[int] = []
        self.value: list[float] = []
        self.time_ms: list[float] = []
        self.quality: list[int] = []

    def add(self, index: int, value: float, time_ms: float, quality: int) -> None:
        """Add one."""
        self.index.append(index)
        self.value.append(value)
        self.time_ms.append(time_ms)
        self.quality.append(quality)


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
        #: Called when samples came, before anything else happens: for whoever cuts the frames.
        self.on_news: Callable[[], None] | None = None
        #: Called with the samples that were taken here: point_index, value, time_ms, quality, each (m,).
        self.on_taken: Callable[[Rows, Values, Values, Rows], None] | None = None
        self._is_state = np.array([bool(point.states) for point in registry.points], dtype=np.bool_)
        self.live = LiveState(
            registry.low, registry.high, registry.period_ms, self.settings.real_beats_simulated_ms
        )

    def _now_ms(self) -> float:
        """Give the time, and let the live state know how fast it passes; never slower than in reality."""
        self.live.speed = max(1.0, self.clock.speed)
        return self.clock.now_ms()

    def accept(self, readings: Sequence[Reading], *, simulated: bool = False) -> Acceptance:
        """Take the good readings; each of the others is refused with its reason, by its `row`.

        A value that the point cannot take (NaN, null, no state of it) is refused too, and marks its point
        bad: that the sensor fails must not go unseen. Values outside the range are taken, with quality bad.
        """
        now_ms = self._now_ms()
        taken = _Gathered()
        refused: list[Refusal] = []
        for reading in readings:
            self._gather(reading, now_ms, taken, refused)
        if taken.index:
            quality = Quality.SIMULATED if simulated else np.array(taken.quality)
            self._apply(
                np.array(taken.index), np.array(taken.value), np.array(taken.time_ms), quality, now_ms
            )
        return Acceptance(len(readings) - len(refused), tuple(refused))

    def _gather(self, reading: Reading, now_ms: float, taken: "_Gathered", refused: list[Refusal]) -> None:
        point = self.registry.find(reading.device, reading.point)
        if point is None:
            refused.append(self._unknown(reading))
            return
        time_ms = reading.time_ms
        if time_ms is not None and (fault := self._time_fault(time_ms, now_ms)):
            refused.append(_refusal(reading, *fault))
            return
        number: float | BadValue = np.nan
        # None and BAD: the protocol's own word that there is no reading, so nothing to refuse.
        if reading.value is not None or reading.quality is not Quality.BAD:
            number = number_of(point, reading.value)
        if isinstance(number, BadValue):
            refused.append(_refusal(reading, number.code, number.reason))
            number = np.nan
        taken.add(point.point_index, number, now_ms if time_ms is None else time_ms, reading.quality)

    def _unknown(self, reading: Reading) -> Refusal:
        if reading.device not in self.registry.devices:
            self.refused.count("message", reading.device, "unknown_device")
            return _refusal(
                reading, "unknown_device", f"no device {clipped(reading.device)!r} in the registry"
            )
        names = ", ".join(each.name for each in self.registry.points_of(reading.device)) or "none"
        reason = f"{reading.device} has no point {clipped(reading.point)!r}; it has {names}"
        return _refusal(reading, "unknown_point", reason)

    def _time_fault(self, time_ms: float, now_ms: float) -> tuple[RefusalCode, str] | None:
        if time_ms > now_ms + self.settings.max_ahead_ms:
            minutes = self.settings.max_ahead_ms / 60_000
            return "future", f"more than {minutes:g} minutes ahead of the server's clock; set the device's"
        if time_ms < now_ms - self.settings.max_age_ms:
            return "too_old", f"older than {self.settings.max_age_ms / 3_600_000:g} hours"
        # NaN compares false with everything.
        return None if math.isfinite(time_ms) else ("bad_time", "the time is not a number")

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
        taken = (times <= now_ms + self.settings.max_ahead_ms) & (times >= now_ms - self.settings.max_age_ms)
        if taken.all():
            self._apply(index, values, times, qualities, now_ms)
            return Acceptance(len(index))
        self._apply(index[taken], values[taken], times[taken], qualities[taken], now_ms)
        return self._without(np.flatnonzero(~taken), index, times, now_ms)

    def _apply(self, index: Rows, value: Values, time_ms: Values, quality: ArrayLike, now_ms: float) -> None:
        taken = self.live.apply(index, value, time_ms, quality, now_ms)
        if self.on_news is not None:
            self.on_news()
        if self.on_taken is not None and taken.any():
            qualities = np.broadcast_to(np.asarray(quality, dtype=np.intp), index.shape)
            self.on_taken(index[taken], value[taken], time_ms[taken], qualities[taken])

    def take_over(self, index: Rows, value: Values, time_ms: Values, quality: Rows) -> None:
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
