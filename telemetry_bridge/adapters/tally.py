"""What came over a broker and what of it was refused: the counts of an adapter's health, and its log."""

import logging
import time
from collections.abc import Sequence

from telemetry_bridge.ports import Acceptance, Refusal
from telemetry_bridge.said import Said, located

LOG = logging.getLogger(__name__)

LOG_REFUSALS_EVERY_S = 10.0
MS_PER_S = 1000.0


class Tally:
    """Counts; a flood of refusals is one line of log every ten seconds."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._logged_s = float("-inf")
        self.received = self.refused = 0
        self.last_ms: float | None = None
        self.last_error: str = ""

    def take(self, acceptance: Acceptance) -> None:
        """Count what became of a batch."""
        self.received += acceptance.accepted
        if acceptance.accepted:
            self.last_ms = time.time() * MS_PER_S
        if acceptance.refused:
            self.take_refusals(acceptance.refused, acceptance.unlisted)

    def take_refusals(self, refused: Sequence[Refusal], more: int = 0) -> None:
        """Count samples that were refused; `more` is how many besides these."""
        if refused:
            first = refused[0]
            self.refuse(
                len(refused) + more,
                located(Said(first.reason, first.code), point=f"{first.device}/{first.point}"),
            )

    def refuse(self, count: int, reason: str) -> None:
        """Count what cannot even be read."""
        self.refused += count
        self.last_error = reason
        now_s = time.monotonic()
        if now_s - self._logged_s >= LOG_REFUSALS_EVERY_S:
            self._logged_s = now_s
            LOG.warning("%s telemetry refused (%d so far): %s", self._name, self.refused, reason)
