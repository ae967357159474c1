"""How cameras are recorded: states, reasons, and what the log of events is told. Pure."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from twin.events.event import Draft

State = Literal["recording", "connecting", "down", "off"]
Reason = Literal[
    "",
    "unreachable",
    "refused",
    "not-found",
    "no-video",
    "format",
    "stalled",
    "ended",
    "secret-missing",
    "disk-full",
    "disk-low",
    "folder-read-only",
    "folder-held",
    "recorder-stopped",
    "extra-missing",
    "switched-off",
    "not-simulated",
    "elsewhere",
    "not-listed",
    "starting",
    "other",
]
LOST, BACK = "camera.lost", "camera.back"
PAUSED, RESUMED = "video.paused", "video.resumed"
PATIENCE_MS = 20_000.0
"""A camera that is away for less than this is no event."""


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """How a camera is: since when, why (a code, and a sentence), when its last picture was taken.

    Times are ms since 1970 UTC.
    """

    state: State
    since_ms: float
    reason: Reason = ""
    text: str = ""
    last_ms: float | None = None
    kbps: float | None = None


def changed(before: CameraHealth | None, after: CameraHealth) -> CameraHealth:
    """The health now: `since_ms` stays where the state does not change; what is not known anew is kept."""
    if before is None:
        return after
    last_ms = before.last_ms if after.last_ms is None else after.last_ms
    since_ms = before.since_ms if before.state == after.state else after.since_ms
    return replace(after, since_ms=since_ms, last_ms=last_ms)


@dataclass(slots=True)
class Watch:
    """Turns healths into events: a camera that has not recorded for a while is lost, and back later."""

    _away_ms: dict[str, float] = field(default_factory=dict)
    _lost_ms: dict[str, float] = field(default_factory=dict)
    _low: bool = False

    def look(self, now_ms: float, healths: dict[str, CameraHealth], *, low: bool = False) -> list[Draft]:
        """What the log of events is to be told; `low`: the disk has too little room. Call it every second."""
        found: list[Draft] = []
        if low != self._low:
            self._low = low
            data = {"reason": "disk-low", "severity": "high"} if low else {}
            found.append(Draft(PAUSED if low else RESUMED, "video:recording", "system", data))
        for camera, health in healths.items():
            draft = self._see(now_ms, camera, health)
            found += [] if draft is None else [draft]
        for gone in self._away_ms.keys() - healths.keys():
            del self._away_ms[gone]
        return found

    def _see(self, now_ms: float, camera: str, health: CameraHealth) -> Draft | None:
        if health.state == "off":
            self._away_ms.pop(camera, None)
            return None
        if health.state == "recording":
            self._away_ms.pop(camera, None)
            lost_ms = self._lost_ms.pop(camera, None)
            return None if lost_ms is None else _draft(BACK, camera, {"from_ms": lost_ms, "to_ms": now_ms})
        since_ms = self._away_ms.setdefault(camera, now_ms)
        if health.state != "down" or camera in self._lost_ms or now_ms - since_ms < PATIENCE_MS:
            return None
        last_ms = since_ms if health.last_ms is None else health.last_ms
        self._lost_ms[camera] = last_ms
        return _draft(LOST, camera, {"reason": health.reason, "text": health.text, "from_ms": last_ms})


def _draft(kind: str, camera: str, data: dict[str, Any]) -> Draft:
    severity = {"severity": "medium"} if kind == LOST else {}
    return Draft(kind, f"device:{camera}", "system", {"camera": camera, **data, **severity})
