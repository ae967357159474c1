"""A film with a clock moved by hand, and helpers to record into it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.points import Registry
from telemetry_bridge.wire import Frame, Kind
from tests.telemetry_bridge.builders import HandClock, registry
from tests.twin.film.scenes import START_MS, folded, samples_of
from twin.film.film import Film
from twin.film.reading import FilmSettings
from twin.film.recorder import RecorderSettings
from twin.film.segment import State

SHORT = RecorderSettings(flush_s=0.01, segment_s=1.0, grace_s=0.3, worth_a_key=0.0)


@dataclass
class Filming:
    """One run of a server: its film, and every frame that it recorded."""

    engine: AsyncEngine
    clock: HandClock
    registry: Registry
    film: Film
    frames: list[Frame] = field(default_factory=list)

    @classmethod
    async def begin(
        cls,
        engine: AsyncEngine,
        start_ms: float = START_MS,
        settings: RecorderSettings = SHORT,
        devices: Registry | None = None,
    ) -> "Filming":
        clock, known = HandClock(start_ms), devices or registry()
        film = Film(engine, known, clock, FilmSettings(recorder=settings))
        await film.open()
        return cls(engine, clock, known, film)

    def record(self, frame: Frame) -> None:
        self.clock.time_ms = frame.time_ms
        self.film.recorder.take(samples_of(frame))
        self.frames.append(frame)

    def expected(self, time_ms: float) -> State:
        return folded(self.frames, time_ms, len(self.registry))


def noise(
    number: int, start_ms: float = START_MS, n: int = 9, step_ms: float = 200.0, seed: int = 1
) -> list[Frame]:
    """Frames of random samples, one every `step_ms`."""
    random = np.random.default_rng(seed)
    return [_frame(random, start_ms + step_ms * (each + 1), n) for each in range(number)]


def _frame(random: np.random.Generator, time_ms: float, n: int) -> Frame:
    index = np.flatnonzero(random.random(n) < 0.4).astype(np.uint32)
    index = index if len(index) else np.zeros(1, dtype=np.uint32)
    value = np.round(random.normal(20, 3, len(index)), 1)
    value[random.random(len(index)) < 0.1] = np.nan
    quality = random.integers(0, 4, len(index)).astype(np.uint8)
    return Frame(Kind.DELTA, 0, time_ms + random.random(), index, value, quality)


def times_of(frames: Sequence[Frame]) -> list[float]:
    return [frame.time_ms for frame in frames]
