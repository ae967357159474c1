"""What people call things: rooms, storeys, doors, stairs and lifts, in Chinese and English."""

from __future__ import annotations

import re
from functools import lru_cache

from navigation.model import Label, Object
from navigation.rooms import RoomKinds
from spatial.errors import UnknownPlaceError
from spatial.model import Element, Portal, Space, Storey
from spatial.package import ModelPackage

WIDE_DOOR_M = 1.5
OUTSIDE = Label("室外", "outside")
_KIND_WORDS = {
    "door": ("门", "door"),
    "opening": ("通道", "open passage"),
    "stair": ("楼梯", "stair"),
    "ramp": ("坡道", "ramp"),
    "lift": ("电梯", "lift"),
}


def space_label(space: Space) -> Label:
    """A room's name."""
    own = space.long_name or space.name
    return Label(own or "房间", space.name_en or own or "room")


def storey_label(storey: Storey) -> Label:
    """A storey's short name: "3F" of "3F 羽毛球与舞蹈", else the whole."""
    first = storey.name.split(" ")[0]
    if len(first) <= 3 and re.search(r"\d|F$", first):
        return Label(first, first)
    return Label(storey.name, storey.name_en or storey.name)


def element_label(element: Element) -> Label:
    """An element's name."""
    own = _bare(element.long_name or element.name) or element.tag
    return Label(own, _bare(element.name_en) or own)


def _bare(name: str) -> str:
    """The name without an authoring tool's number, and a stair's without the storeys that it joins."""
    return re.sub(r"(:\d+| [A-Z]?\w{1,2}-[A-Z]\w{1,2})$", "", name)


class Names:
    """Names of one package's things."""

    def __init__(self, package: ModelPackage, rooms: RoomKinds) -> None:
        self._package = package
        self._rooms = rooms
        self.element = lru_cache(4096)(self._element)

    def _element(self, element_index: int) -> Element | None:
        try:
            return self._package.element_at(element_index)
        except UnknownPlaceError:
            return None

    def space(self, space_index: int | None) -> Label:
        """A room's name; "outside" for None."""
        space = None if space_index is None else self._package.space_by_index.get(space_index)
        return OUTSIDE if space is None else space_label(space)

    def storey(self, storey_index: int | None) -> Label:
        """A storey's name; "outside" for None."""
        storey = None if storey_index is None else self._package.storey_by_index.get(storey_index)
        return OUTSIDE if storey is None else storey_label(storey)

    def storey_of(self, space_index: int | None) -> int | None:
        """The storey of a room."""
        space = None if space_index is None else self._package.space_by_index.get(space_index)
        return None if space is None else space.storey_index

    def owner(self, portal: Portal, to_space: int | None) -> int | None:
        """The room that a door is the door of: a room before a corridor, a corridor before the plaza.

        Then the one with fewer portals; of two alike the one entered.
        """
        a, b = portal.space_a, portal.space_b
        if a is None or b is None:
            return b if a is None else a
        return min((a, b), key=lambda space: (*self._rooms.rank(space), space != to_space))

    def portal(self, portal: Portal, to_space: int | None = None) -> Object:
        """A portal as an instruction names it."""
        element = None if portal.element_index is None else self.element(portal.element_index)
        guid = None if element is None else element.guid
        zh, en = _KIND_WORDS[portal.kind]
        if portal.kind in ("stair", "ramp", "lift"):
            own = Label("", "") if element is None else element_label(element)
            return Object(portal.kind, guid, Label(own.zh or zh, _english(own.en, en)))
        room = self.space(self.owner(portal, to_space))
        wide = portal.kind == "door" and portal.width_m >= WIDE_DOOR_M
        return Object(portal.kind, guid, Label(f"{room.zh}{'大门' if wide else zh}", f"the {room.en} {en}"))


def _english(name: str, word: str) -> str:
    """The name, with the kind of thing before it where the name does not say it."""
    if not name:
        return f"the {word}"
    return name if word in name.lower() or "elevator" in name.lower() else f"{word} {name}"
