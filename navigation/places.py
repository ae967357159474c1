"""What users call places, found: a room's guid, number or name, a point of interest, an element, a point."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import shapely

from navigation.errors import AmbiguousPlaceError, PlaceError
from navigation.graph import NavGraph, Room
from navigation.model import XYZ, Label, Place, PlaceKind, PointOfInterest
from navigation.naming import element_label, space_label
from spatial.errors import UnknownPlaceError
from spatial.model import Element, Space
from spatial.package import ModelPackage

NEAR_M = 2.0  # a point no farther from a room's floor is in it: in a wall, on a counter
OUTSIDE_M = 3.0  # and one outside no farther from a door belongs to the door
STEP_M = 1.0  # how far above or below a floor a point on it may be


class PlaceFinder:
    """Finds places of one package and its points of interest, and where one stands there."""

    def __init__(self, package: ModelPackage, built: NavGraph, pois: Mapping[str, PointOfInterest]) -> None:
        self._package = package
        self._built = built
        self.pois = dict(pois)
        nodes = built.graph.nodes(data=True)
        self._outer: dict[int, XYZ] = {node: each["xyz"] for node, each in nodes if each["kind"] == "outside"}
        self._anchors: dict[int, tuple[float, float]] = {}
        self._by_name: dict[str, list[Space]] = {}
        self._by_guid = {space.guid: space for space in package.spaces}
        for space in package.spaces:
            for name in {space.name, space.long_name, space.name_en} - {""}:
                self._by_name.setdefault(name.casefold(), []).append(space)

    def find(self, text: str) -> Place:
        """The place that a text names. Raises PlaceError, AmbiguousPlaceError."""
        text = text.strip()
        if text in self.pois:
            return self.poi(self.pois[text])
        if text in self._by_guid:
            return self.space(self._by_guid[text])
        point = parse_point(text)
        if point is not None:
            return self.at(point, "position", text, None)
        named = self._named(text)
        if named is not None:
            return self.space(named)
        return self._element(text)

    def _named(self, text: str) -> Space | None:
        exact = self._package.spaces_named(text)
        found = list(exact) if len(exact) == 1 else self._by_name.get(text.casefold(), [])
        if len(found) > 1:
            names = ", ".join(space.name for space in found[:6])
            raise AmbiguousPlaceError(f"{len(found)} rooms are called {text!r}: {names}; give one's number")
        return found[0] if found else None

    def _element(self, guid: str) -> Place:
        try:
            element = self._package.element(guid)
        except UnknownPlaceError:
            raise PlaceError(
                f"no place {guid[:60]!r}; give a room's number, name or guid, an element's guid, "
                "a point of interest's id, or x,y,z"
            ) from None
        label = element_label(element)
        for portal in self._built.portals.values():
            if portal.element_index == element.element_index:
                stand = portal.a if portal.space_a is not None else portal.b
                return self._in_space(portal.space_a or portal.space_b, stand, "element", guid, label)
        return self._beside(element, label)

    def _beside(self, element: Element, label: Label) -> Place:
        box = element.box
        if box is None:
            raise PlaceError(f"{element.ifc_class} {label.zh!r} has no shape, so no place; give a room")
        x, y = (box[0] + box[3]) / 2, (box[1] + box[4]) / 2
        space = self._package.space_by_index.get(-1 if element.space_index is None else element.space_index)
        if space is not None:
            return self._in_space(
                space.element_index, (x, y, space.floor_z_m), "element", element.guid, label
            )
        return self.at((x, y, box[2]), "element", element.guid, label)

    def space(self, space: Space) -> Place:
        """A room: a point well inside it. Raises PlaceError for one without floor."""
        return self._anchored(space, "space", space.guid, space_label(space))

    def poi(self, poi: PointOfInterest) -> Place:
        """A point of interest. Raises PlaceError where the model has not its room, or no floor there."""
        if poi.position is not None:
            return self.at(poi.position, "poi", poi.id, poi.label)
        found = self._package.spaces_named(poi.space_name or "")
        if not found:
            raise PlaceError(
                f"the point of interest {poi.id!r} is in room {poi.space_name!r}, which is missing"
            )
        return self._anchored(found[0], "poi", poi.id, poi.label)

    def _anchored(self, space: Space, kind: PlaceKind, id_: str, label: Label) -> Place:
        room = self._built.rooms.get(space.element_index)
        if room is None or room.free.area.is_empty:
            raise PlaceError(f"nobody can stand in {label.zh!r}: it has no free floor")
        x, y = self._anchor(room)
        return Place(kind, id_, label, (x, y, room.floor_z_m), space.element_index)

    def _anchor(self, room: Room) -> tuple[float, float]:
        if room.space not in self._anchors:
            self._anchors[room.space] = room.free.anchor
        return self._anchors[room.space]

    def at(self, point: XYZ, kind: PlaceKind, id_: str, label: Label | None) -> Place:
        """Where one stands nearest to a point. Raises PlaceError for one in no room nor near a door."""
        space = self._space_at(point)
        if space is not None:
            return self._in_space(space, point, kind, id_, label or self._point_label(space))
        node = self._outer_node(point)
        if node is None:
            raise PlaceError(
                f"the point {_shown(point)} is in no room of this model and beside no outer door"
            )
        xyz: XYZ = self._built.graph.nodes[node]["xyz"]
        return Place(kind, id_, label or Label("室外", "outside"), xyz, None, node)

    def _point_label(self, space: int) -> Label:
        return space_label(self._package.space_by_index[space])

    def _in_space(self, space: int | None, point: XYZ, kind: PlaceKind, id_: str, label: Label) -> Place:
        room = None if space is None else self._built.rooms.get(space)
        if room is None or room.free.area.is_empty:
            raise PlaceError(f"nobody can stand at {label.zh!r}: there is no free floor")
        x, y = room.free.snap(point[0], point[1])
        return Place(kind, id_, label, (x, y, room.floor_z_m), room.space)

    def _space_at(self, point: XYZ) -> int | None:
        inside = int(self._package.space_indices_at([point])[0])
        if inside >= 0:
            return inside
        here = shapely.Point(point[0], point[1])
        near = [
            (space.footprint.distance(here), space.element_index)
            for space in self._package.spaces
            if abs(space.floor_z_m - point[2]) <= STEP_M
        ]
        outer = self._outer_node(point)
        nearest = min(near, default=None)
        return nearest[1] if nearest and nearest[0] <= (0.3 if outer is not None else NEAR_M) else None

    def _outer_node(self, point: XYZ) -> int | None:
        outer = ((math.dist(xyz, point), node) for node, xyz in self._outer.items())
        distance, node = min(outer, default=(math.inf, -1))
        return node if distance <= OUTSIDE_M else None


def parse_point(text: str) -> XYZ | None:
    """The point of "x,y,z", m; None for anything else."""
    parts = text.replace("，", ",").split(",")
    if len(parts) != 3:
        return None
    try:
        x, y, z = (float(part) for part in parts)
    except ValueError:
        return None
    return (x, y, z) if np.isfinite([x, y, z]).all() else None


def _shown(point: XYZ) -> str:
    return ",".join(f"{value:g}" for value in point)
