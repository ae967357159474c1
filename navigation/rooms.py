"""What kinds of rooms there are for one who walks: rooms, ways through the building, and the open air."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from spatial.model import Portal, Space

_WAYS = (
    "corridor", "lobby", "foyer", "hallway", "passage", "circulation", "gallery_walk", "stair", "lift",
    "elevator", "escalator", "ramp", "atrium", "vestibule", "link", "car_park", "walkway", "concourse",
)  # fmt: skip
_OPEN_AIR = (
    "plaza", "forecourt", "pavement", "arcade", "garden", "courtyard", "outdoor", "terrace", "roof", "street",
)  # fmt: skip
MANY_PORTALS = 4
"""A room without a known function that has as many portals is a way to others."""


class RoomKinds:
    """Tells rooms apart by their function, else by how many portals they have."""

    def __init__(self, spaces: Iterable[Space], portals: Iterable[Portal], open_air: Iterable[int]) -> None:
        """open_air: spaces that the model itself calls external."""
        self._open_air = frozenset(open_air)
        self._function = {space.element_index: space.function.casefold() for space in spaces}
        self._portals = Counter(
            space for portal in portals for space in {portal.space_a, portal.space_b} if space is not None
        )

    def is_open_air(self, space: int) -> bool:
        """Whether a space is outdoors."""
        return space in self._open_air or self._says(space, _OPEN_AIR)

    def is_way(self, space: int) -> bool:
        """Whether people walk through a space as a matter of course."""
        if self.is_open_air(space) or self._says(space, _WAYS):
            return True
        return not self._function.get(space) and self._portals[space] >= MANY_PORTALS

    def rank(self, space: int) -> tuple[bool, bool, int]:
        """Which of two rooms a door belongs to: the lower one."""
        return (self.is_open_air(space), self.is_way(space), self._portals[space])

    def _says(self, space: int, words: tuple[str, ...]) -> bool:
        function = self._function.get(space, "")
        return any(word in function for word in words)
