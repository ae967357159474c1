"""What an adapter delivers: readings, marks of bad points, and the counts that its health shows."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from telemetry_bridge.adapter_file_parts import PointRef
from telemetry_bridge.ports import Reading, Sink, clipped
from telemetry_bridge.said import Said, located
from telemetry_bridge.wire import Quality

LOG = logging.getLogger(__name__)
MS_PER_S = 1000.0
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """What came of asking for one point: a value, or `fault`, the reason why it is bad.

    With a fault and a value, the value is shown as bad; without a value the last one is.
    """

    ref: PointRef
    value: object = None
    fault: str = ""
    time_ms: float | None = None
    quality: Quality = Quality.GOOD

    def reading(self) -> Reading:
        """Give it as the sink takes it."""
        quality = Quality.BAD if self.fault else self.quality
        return Reading(self.ref.device, self.ref.point, self.value, self.time_ms, quality=quality)


class Delivery:
    """Hands samples to the sink, remembers which points are bad and why, and counts."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._sink: Sink | None = None
        self.received = self.refused = 0
        self.last_ms: float | None = None
        self.last_error: str = ""
        self.faults: dict[PointRef, str] = {}

    def connect(self, sink: Sink) -> None:
        """Say where samples go."""
        self._sink = sink

    def take(self, samples: Sequence[Sample]) -> None:
        """Deliver samples; a point whose reading is refused counts as bad until it is taken."""
        if self._sink is None or not samples:
            return
        before = set(self.faults)
        for sample in samples:
            self._note(sample.ref, sample.fault)
        readings = [sample.reading() for sample in samples]
        acceptance = self._sink.accept(readings)
        good = sum(1 for sample in samples if not sample.fault)
        self.refused += acceptance.refused_count
        self.received += max(0, good - acceptance.refused_count)
        for refusal in acceptance.refused:
            self._note(PointRef(refusal.device, refusal.point), Said(refusal.reason, refusal.code))
        if good:
            self.last_ms = time.time() * MS_PER_S
        self._log(set(self.faults) - before)

    def _note(self, ref: PointRef, fault: str) -> None:
        if fault:
            self.faults[ref] = fault
            said = Said.of(fault)
            self.last_error = located(Said(clipped(fault), said.reason, **said.named), point=ref.key)
        else:
            self.faults.pop(ref, None)

    def _log(self, refs: set[PointRef]) -> None:
        """Say which points turned bad, once for each time that they do."""
        for ref in sorted(refs)[:SHOWN]:
            LOG.warning("%s: %s is bad: %s", self._name, ref.key, self.faults[ref])
        if len(refs) > SHOWN:
            LOG.warning("%s: %d more points are bad", self._name, len(refs) - SHOWN)
