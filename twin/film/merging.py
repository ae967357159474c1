"""Late samples into the segment of their time, and what they change of those after it. Pure."""

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from telemetry_bridge.samples import Samples
from telemetry_bridge.wire import Quality
from twin.film.segment import Keyframe, Mask, Rows, Segment, State, Track, in_order, same

SomeSamples = TypeVar("SomeSamples", Samples, Track)


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """A segment with late samples in it, and which of them still hold at its end: (m,) bool over `carried`
    and `own`, one after the other.
    """

    segment: Segment
    holds: Mask


def merge(segment: Segment, own: Samples, carried: Samples) -> Merged:
    """Put late samples into a segment: those of its time, `own`, and those of before it that hold until it
    begins, `carried`. The segment itself comes back where they change nothing.
    """
    keyframe = _known_at_start(segment.keyframe, carried)
    samples = in_order(Samples.joined([segment.samples, own])) if len(own) else segment.samples
    whole = Segment(segment.start_ms, keyframe, samples)
    if keyframe is segment.keyframe and same(samples, segment.samples):
        whole = segment
    both = Samples.joined([carried, own])
    return Merged(whole, both.time_ms >= _last_times(whole, both))


def stale_before(samples: SomeSamples, gap_ms: float) -> SomeSamples:
    """What was read before a gap that begins at a time (-inf: there is none), as it holds in the gap."""
    turned = (samples.time_ms < gap_ms) & (samples.quality != Quality.BAD)
    return replace(samples, quality=np.where(turned, Quality.STALE, samples.quality).astype(np.uint8))


def _known_at_start(keyframe: Keyframe, carried: Samples) -> Keyframe:
    """The keyframe with what was measured later than it knows, or told later of the same time."""
    if not len(carried):
        return keyframe
    highest = np.concatenate((carried.point_index, keyframe.point_index)).max()
    state = State.unknown(int(highest) + 1)
    state.take(keyframe.samples)
    state.take(carried)
    found = state.keyframe()
    return keyframe if same(found.samples, keyframe.samples) else found


def _last_times(segment: Segment, samples: Samples) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """(m,) when the segment last heard of each sample's point."""
    last = np.full(int(samples.point_index.max()) + 1 if len(samples) else 0, -np.inf)
    for known in (segment.keyframe.samples, segment.samples):
        rows: Rows = np.flatnonzero(known.point_index < len(last))
        np.maximum.at(last, known.point_index[rows], known.time_ms[rows])
    return last[samples.point_index]
