"""What feeds what: the directed network of a model's connections. Pure; elements are element indices."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from types import MappingProxyType

from spatial.model import Connection

FLOW = "flow"
_NONE: tuple[Connection, ...] = ()


class FlowNetwork:
    """The connections of a model, ready to be followed from any element."""

    def __init__(self, connections: Iterable[Connection]) -> None:
        self.connections = tuple(connections)
        out, into = defaultdict[int, list[Connection]](list), defaultdict[int, list[Connection]](list)
        for connection in self.connections:
            out[connection.from_index].append(connection)
            into[connection.to_index].append(connection)
        self._out = MappingProxyType(dict(out))
        self._into = MappingProxyType(dict(into))

    def leaving(self, element_index: int) -> tuple[Connection, ...]:
        """The connections that start at an element, of every kind."""
        return tuple(self._out.get(element_index, _NONE))

    def arriving(self, element_index: int) -> tuple[Connection, ...]:
        """The connections that end at an element, of every kind."""
        return tuple(self._into.get(element_index, _NONE))

    def downstream(self, element_index: int, steps: int | None = None) -> list[int]:
        """What an element feeds, through others too: nearest first, each once, itself left out.

        `steps`: how many connections may lie between; None is any number. In a loop, as in heating, all of
        it lies downstream of each part.
        """
        return self._follow(element_index, steps, forward=True)

    def upstream(self, element_index: int, steps: int | None = None) -> list[int]:
        """What an element is fed by, as `downstream`."""
        return self._follow(element_index, steps, forward=False)

    def _follow(self, start: int, steps: int | None, *, forward: bool) -> list[int]:
        distance = {start: 0}
        waiting = deque([start])
        while waiting:
            here = waiting.popleft()
            if steps is not None and distance[here] >= steps:
                continue
            for there in self._next(here, forward=forward):
                if there not in distance:
                    distance[there] = distance[here] + 1
                    waiting.append(there)
        return [element for element in distance if element != start]

    def _next(self, here: int, *, forward: bool) -> Sequence[int]:
        links = (self._out if forward else self._into).get(here, _NONE)
        return [c.to_index if forward else c.from_index for c in links if c.kind == FLOW]
