"""What the engine found and the log does not hold yet: bounded by the number of rows, urgent first. No I/O.

When thousands of points turn bad at once, events are written in small parts, and more may happen meanwhile.
Per row at most one raising and one return wait. A row that goes on flickering meanwhile is written as what
it comes to: raised and returned and raised again is raised; returned and raised again is nothing. No alarm
that was raised is ever left out. (Floods: EEMUA 191, ISA-18.2-2016, 16.)
"""

import math
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from twin.alarms.engine import Changes
from twin.alarms.table import RuleTable


@dataclass(frozen=True, slots=True)
class Change:
    """One raising or return: since when the condition has been so, the value then and when it was sampled.

    Times are ms since 1970 UTC; NaN: never sampled.
    """

    since_ms: float
    value: float
    sampled_ms: float = math.nan


@dataclass(frozen=True, slots=True)
class Pending:
    """What waits for one row: a raising, a return, or a raising and then its return."""

    row: int
    raised: Change | None = None
    returned: Change | None = None


class Backlog:
    """Pending changes by row, those of the most urgent priority first, then in the order they came."""

    def __init__(self, table: RuleTable) -> None:
        """Begin empty."""
        self._priority = [int(row.rule.priority) for row in table.rows]
        levels = sorted(set(self._priority))
        self._waiting: dict[int, OrderedDict[int, Pending]] = {level: OrderedDict() for level in levels}

    def __len__(self) -> int:
        return sum(len(waiting) for waiting in self._waiting.values())

    def add(self, changes: Changes) -> None:
        """Take what the engine found."""
        for row, raised, since_ms, value, sampled_ms in zip(
            changes.row.tolist(),
            changes.raised.tolist(),
            changes.since_ms.tolist(),
            changes.value.tolist(),
            changes.sampled_ms.tolist(),
            strict=True,
        ):
            self._put(row, Change(since_ms, value, sampled_ms), raised=raised)

    def take(self, count: int) -> tuple[Pending, ...]:
        """Remove and give the first `count`."""
        return tuple(self._drained(count))

    def put_back(self, taken: Iterable[Pending]) -> None:
        """Take again what could not be written; what came meanwhile counts as later."""
        for old in taken:
            waiting = self._waiting[self._priority[old.row]]
            newer = waiting.pop(old.row, None)
            for pending in (old, newer):
                if pending is not None and pending.raised is not None:
                    self._put(old.row, pending.raised, raised=True)
                if pending is not None and pending.returned is not None:
                    self._put(old.row, pending.returned, raised=False)

    def _drained(self, count: int) -> Iterator[Pending]:
        for level in self._waiting.values():
            while level and count > 0:
                count -= 1
                yield level.popitem(last=False)[1]

    def _put(self, row: int, change: Change, *, raised: bool) -> None:
        waiting = self._waiting[self._priority[row]]
        found = waiting.get(row, Pending(row))
        if not raised:
            waiting[row] = replace(found, returned=change)
        elif found.returned is None:
            waiting[row] = replace(found, raised=change)
        elif found.raised is None:
            del waiting[row]
        else:
            waiting[row] = replace(found, returned=None)
