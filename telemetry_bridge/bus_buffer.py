"""What waits to be published: bounded, the oldest given up first. Pure."""

from collections import deque

from telemetry_bridge.bus import Batch


class Outbox:
    """Batches in their order, at most `limit` samples; of more the oldest are lost, and counted."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[Batch] = deque()
        self.samples = 0
        self.lost = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, batch: Batch) -> None:
        """Add a batch; the newest one is never given up."""
        self._waiting.append(batch)
        self.samples += len(batch)
        while self.samples > self._limit and len(self._waiting) > 1:
            old = self._waiting.popleft()
            self.samples -= len(old)
            self.lost += len(old)

    def take(self, most: int) -> Batch | None:
        """Remove the oldest batches, up to `most` samples or at least one batch, as one; None: none wait."""
        taken: list[Batch] = []
        count = 0
        while self._waiting and (not taken or count + len(self._waiting[0]) <= most):
            taken.append(self._waiting.popleft())
            count += len(taken[-1])
        self.samples -= count
        return Batch.joined(taken) if taken else None

    def put_back(self, batch: Batch) -> None:
        """Add again, in front, what could not be sent; if there is no more room, it is lost."""
        if self._waiting and self.samples + len(batch) > self._limit:
            self.lost += len(batch)
            return
        self._waiting.appendleft(batch)
        self.samples += len(batch)
