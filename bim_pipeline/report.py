"""What a build tells while it runs, and when it has ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

# The part of a build's time that each stage takes, measured on buildings of 2 to 30 MB.
_SHARES = {"read": 0.13, "shapes": 0.45, "tiles": 0.37, "write": 0.05}
STAGES = tuple(_SHARES)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build is: `fraction` 0..1 of the whole; `remaining_s` None until it can be guessed."""

    stage: str
    fraction: float
    remaining_s: float | None


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build made, as `twin build --json` prints it; `bytes` as served (the smallest coding).

    `changes` counts the elements `added`, `removed` and `changed` against the revision `previous`, None where
    there was none or it cannot be read; `reused` counts the `bodies` and `tiles` that were taken over; `note`
    says why nothing was, where something could have been.
    """

    elements: int
    rendered_elements: int
    triangles: int
    tiles: int
    bytes: int
    storeys: int
    spaces: int
    portals: int
    seconds: Mapping[str, float]
    peak_rss_mb: float
    warnings: tuple[Mapping[str, str | None], ...]
    previous: str | None = None
    changes: Mapping[str, int] | None = None
    reused: Mapping[str, int] = field(default_factory=dict)
    note: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the report as plain JSON values."""
        return {**asdict(self), "seconds": dict(self.seconds), "warnings": [dict(w) for w in self.warnings]}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> BuildReport:
        """Read a report that `to_json` made; raises KeyError or TypeError for anything else."""
        known = {name: content[name] for name in cls.__dataclass_fields__}
        return cls(**{**known, "warnings": tuple(content["warnings"])})


class ProgressTeller:
    """Turns stages and their fractions into progress of the whole, never going back."""

    def __init__(self, listener: Callable[[Progress], None] | None) -> None:
        self._listener = listener
        self._started = time.monotonic()
        self._fraction = 0.0

    def tell(self, stage: str, fraction: float) -> None:
        """Say that a stage is done to `fraction`, 0..1."""
        if self._listener is None:
            return
        before = sum(share for name, share in _SHARES.items() if STAGES.index(name) < STAGES.index(stage))
        whole = before + _SHARES[stage] * min(max(fraction, 0.0), 1.0)
        self._fraction = max(self._fraction, whole)
        elapsed = time.monotonic() - self._started
        known = self._fraction > 0.02 and elapsed > 0.2
        remaining = elapsed * (1 - self._fraction) / self._fraction if known else None
        self._listener(Progress(stage, self._fraction, remaining))
