"""What `twin film verify` finds, and what of it can be taken out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remedy:
    """What can be taken out so that the rest is whole: strips of a segment, its chunks from a number on, a
    row of late samples, or a set of bindings. `samples`: what the segment has without them.
    """

    strips: tuple[int, ...] = ()
    samples: int = 0
    chunks_from: int | None = None
    late: int | None = None
    bindings: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was written: of a segment's time, ms since 1970 UTC, and of which points.

    `kind`: strip, samples, joint, span, orphan, chunk, late, registry, cold, scene, bindings.
    """

    kind: str
    what: str
    segment: int | None = None
    from_ms: float | None = None
    to_ms: float | None = None
    points: tuple[str, ...] = ()
    n_points: int = 0
    remedy: Remedy | None = None
