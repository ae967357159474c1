"""A segment whose points lie in several places, as one. Pure."""

from collections.abc import Sequence

import numpy as np

from telemetry_bridge.samples import Samples
from twin.film.segment import Keyframe, Segment


def joined(start_ms: float, parts: Sequence[Segment]) -> Segment:
    """Parts of one segment, each of other points, as one."""
    key = Samples.joined([part.keyframe.samples for part in parts])
    key = key[np.argsort(key.point_index, kind="stable")]
    samples = Samples.joined([part.samples for part in parts])
    samples = samples[np.argsort(samples.point_index, kind="stable")]
    return Segment(start_ms, Keyframe.of(key), samples)
