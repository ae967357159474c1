"""A point's line as SVG, for print: steps, as the film knows no value between two samples. Pure."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from html import escape

import numpy as np

from telemetry_bridge.wire import Quality
from twin.film.segment import Track
from twin.film.timeline import Gap
from twin.incidents.dossier import PointStory
from twin.incidents.lexicon import plain

WIDTH, HEIGHT = 700.0, 108.0
LEFT, RIGHT, TOP, FOOT = 54.0, 8.0, 8.0, 18.0
INK, FAINT, LINE, GRID, MARK, DOUBT = "#1b2a33", "#5c6b73", "#0f5c78", "#d5dde1", "#b3261e", "#e9ecee"
STEPS_S = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400)
MOST_TICKS = 8
DOUBTFUL = (Quality.STALE, Quality.BAD)


@dataclass(frozen=True, slots=True)
class Frame:
    """What a chart's axes span: times, ms since 1970 UTC, and values."""

    from_ms: float
    to_ms: float
    low: float
    high: float

    def x(self, time_ms: float) -> float:
        """Where a time is, px."""
        share = (time_ms - self.from_ms) / (self.to_ms - self.from_ms)
        return LEFT + (WIDTH - LEFT - RIGHT) * min(max(share, 0.0), 1.0)

    def y(self, value: float) -> float:
        """Where a value is, px."""
        share = (value - self.low) / (self.high - self.low)
        return TOP + (HEIGHT - TOP - FOOT) * (1.0 - share)


def chart(
    story: PointStory, span: tuple[float, float], at_ms: float, gaps: Sequence[Gap], zone: tzinfo, zh: bool
) -> str:
    """The line of a point over a time (ms since 1970 UTC); '' where it never told a number."""
    track = Track.joined([story.first[-1:], story.track])
    finite = np.isfinite(track.value)
    if not finite.any():
        return ""
    low, high = _range(track.value[finite], len(story.states))
    frame = Frame(*span, low, high)
    parts = [
        *_doubtful(frame, track, gaps),
        *_value_axis(frame, story, zh=zh),
        *_time_axis(frame, zone),
        f'<path d="{_path(frame, track)}" fill="none" stroke="{LINE}" stroke-width="1.6"/>',
        f'<path d="M{frame.x(at_ms):.1f} {TOP}V{HEIGHT - FOOT}" stroke="{MARK}" stroke-width="1.2"/>',
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}">{"".join(parts)}</svg>'
    )


def _range(values: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", states: int) -> tuple[float, float]:
    if states:
        return -0.3, max(states - 1, 1) + 0.3
    low, high = float(values.min()), float(values.max())
    room = (high - low) * 0.08 or max(abs(high) * 0.05, 0.5)
    return low - room, high + room


def _path(frame: Frame, track: Track) -> str:
    """Steps; where a value is not known the line breaks."""
    parts: list[str] = []
    ends = np.append(track.time_ms[1:], frame.to_ms)
    joined = False
    for time_ms, end_ms, value in zip(
        track.time_ms.tolist(), ends.tolist(), track.value.tolist(), strict=True
    ):
        if not math.isfinite(value):
            joined = False
            continue
        x, y = frame.x(time_ms), frame.y(value)
        parts.append(f"{'L' if joined else 'M'}{x:.1f} {y:.1f}H{frame.x(end_ms):.1f}")
        joined = True
    return "".join(parts)


def _doubtful(frame: Frame, track: Track, gaps: Sequence[Gap]) -> Iterator[str]:
    """Grey where nothing was recorded, or what was is stale or bad."""
    ends = np.append(track.time_ms[1:], frame.to_ms)
    spans = [(gap.from_ms, frame.to_ms if gap.to_ms is None else gap.to_ms) for gap in gaps]
    rows = np.flatnonzero(np.isin(track.quality, DOUBTFUL))
    spans += [(float(track.time_ms[row]), float(ends[row])) for row in rows]
    for begin_ms, end_ms in spans:
        x = frame.x(begin_ms)
        width = frame.x(end_ms) - x
        if width > 0.0:
            box = f'x="{x:.1f}" y="{TOP}" width="{width:.1f}" height="{HEIGHT - TOP - FOOT}"'
            yield f'<rect {box} fill="{DOUBT}"/>'


def _value_axis(frame: Frame, story: PointStory, *, zh: bool) -> Iterator[str]:
    if story.states:
        marks = [(float(row), each.zh if zh else each.en) for row, each in enumerate(story.states)]
    else:
        marks = [(value, plain(value)) for value in _ticks(frame.low, frame.high)]
    for value, text in marks[:6]:
        y = frame.y(value)
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{GRID}" stroke-width="0.6"/>'
        yield _text(LEFT - 5, y + 3.5, text[:9], "end")


def _ticks(low: float, high: float, most: int = 4) -> list[float]:
    """Round numbers within a range, at most `most` of them."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough)
    first = math.ceil(low / step)
    return [round(number * step, 10) for number in range(first, math.floor(high / step) + 1)]


def _time_axis(frame: Frame, zone: tzinfo) -> Iterator[str]:
    span_s = (frame.to_ms - frame.from_ms) / 1000.0
    step_s = next((step for step in STEPS_S if span_s / step <= MOST_TICKS), STEPS_S[-1])
    offset = datetime.fromtimestamp(frame.from_ms / 1000.0, zone).utcoffset()
    shift_s = 0.0 if offset is None else offset.total_seconds()
    first = math.ceil((frame.from_ms / 1000.0 + shift_s) / step_s)
    form = "%H:%M:%S" if step_s < 60 else "%H:%M" if step_s < 43_200 else "%m-%d"
    for number in range(first, first + MOST_TICKS + 1):
        time_s = number * step_s - shift_s
        if time_s * 1000.0 >= frame.to_ms:
            return
        x = frame.x(time_s * 1000.0)
        yield f'<path d="M{x:.1f} {HEIGHT - FOOT}v3" stroke="{FAINT}" stroke-width="0.8"/>'
        yield _text(x, HEIGHT - 5, datetime.fromtimestamp(time_s, zone).strftime(form), "middle")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="9.5" fill="{FAINT}" '
        f'font-family="Noto Sans CJK SC, Noto Sans SC, Source Han Sans SC, sans-serif">{escape(text)}</text>'
    )
