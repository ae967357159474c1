"""What a BIM manager should look at in a model: findings with guids, and how its rooms hang together.

Pure: a package's tables in, findings out. Nothing here is an error of the package; it says what of the model
makes ways, rooms or places doubtful, and what to mend.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely

from spatial.components import connected_parts
from spatial.model import Element, JsonValue, Portal, Space, Storey

OVERLAP_M2 = 0.1
OVERLAP_SHARE = 0.02
OVERLAP_HEIGHT_M = 0.5
OFF_STOREY_M = 1.0  # an element may reach so far below or above its storey
SAME_LEVEL_M = 0.3
LOW_STOREY_M = 1.8
DOOR_CLASSES = ("IfcDoor", "IfcDoorStandardCase")
# What has no storey because it is, or is larger than, the building.
_PLACES = ("IfcSite", "IfcBuilding", "IfcBuildingStorey", "IfcGeographicElement", "IfcExternalSpatialElement")

TITLES: Mapping[str, tuple[str, str]] = {
    "duplicate_guid": ("Elements that share a GlobalId", "give each a GlobalId of its own"),
    "missing_guid": ("Elements without a GlobalId", "export the model anew"),
    "shape_failed": ("Elements whose shape could not be made", "draw the shape anew or export it as a mesh"),
    "broken_placement": ("Elements with a broken placement", "place them anew"),
    "rooms_derived": ("Rooms derived from walls", "place spaces (rooms) in the model"),
    "rooms_not_derived": ("Walls from which no rooms could be derived", "place spaces (rooms) in the model"),
    "no_geometry": ("Nothing has a shape", "export the model with geometry"),
    "no_rooms": ("No rooms at all", "place spaces (rooms) in the model: there are no ways without them"),
    "space_without_shape": ("Spaces without a volume", "export spaces with their bodies"),
    "space_unconnected": ("Rooms that nothing leads into", "check their doors, or model the opening"),
    "spaces_overlap": ("Rooms that overlap", "draw their borders so that they meet"),
    "door_of_one_room": ("Doors with a room on one side only", "set IsExternal, or model the missing room"),
    "door_of_no_room": ("Doors with no room on either side", "model the rooms that they join"),
    "boundary_differs": (
        "Doors whose space boundaries name other rooms than stand there",
        "have the authoring tool write the boundaries anew",
    ),
    "stair_unjoined": ("Stairs, ramps and lifts that end in no room", "model the rooms at both ends"),
    "no_storeys": ("No storeys", "export the building's storeys: plans and ways go by them"),
    "no_storey": ("Elements on no storey", "assign them to a storey"),
    "off_storey": (
        "Elements that stand outside their storey's height",
        "assign them to the storey they are on",
    ),
    "storeys_at_one_level": ("Storeys of one building at the same height", "make them one storey"),
    "storey_low": ("Storeys too low to stand in", "check the elevations of the storeys"),
    "not_connected": ("Groups of rooms with no way to the rest", "see which door, stair or lift is missing"),
}
"""By code: what it is, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at: its code (a key of TITLES), one line, and the elements it is about."""

    code: str
    message: str
    guids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoomGroup:
    """Rooms that one can walk between; `exits` are its doors to the outside."""

    rooms: tuple[str, ...]
    exits: int


@dataclass(frozen=True, slots=True)
class QualityReport:
    """All findings, in the order of TITLES, and the groups of rooms, the largest first."""

    findings: tuple[Finding, ...]
    groups: tuple[RoomGroup, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many findings there are by code."""
        found: dict[str, int] = defaultdict(int)
        for finding in self.findings:
            found[finding.code] += 1
        return dict(found)


@dataclass(frozen=True, slots=True, eq=False)
class ModelTables:
    """What the checks read. `elements` are all, by index.

    `door_facts` are the values of Pset_DoorCommon by element index; `boundaries` are pairs (space, element)
    that the model itself states.
    """

    elements: Sequence[Element]
    storeys: Sequence[Storey]
    spaces: Sequence[Space]
    portals: Sequence[Portal]
    warnings: Sequence[Mapping[str, JsonValue]]
    door_facts: Mapping[int, Mapping[str, JsonValue]]
    boundaries: Sequence[tuple[int, int]]

    def guid(self, element_index: int | None) -> str:
        """The guid of an element, '' for None."""
        return "" if element_index is None else self.elements[element_index].guid

    def label(self, element_index: int | None) -> str:
        """What people call an element: its class without Ifc, its name and long name."""
        if element_index is None:
            return "outside"
        element = self.elements[element_index]
        names = " ".join(dict.fromkeys(n for n in (element.name, element.long_name) if n))
        return f"{element.ifc_class.removeprefix('Ifc')} '{names}'" if names else element.ifc_class


def check_quality(tables: ModelTables) -> QualityReport:
    """Make every check."""
    groups = _groups(tables)
    checks: tuple[Callable[[ModelTables], Iterable[Finding]], ...] = (
        _warnings,
        _rooms,
        _overlaps,
        _doors,
        _boundaries,
        _climbs,
        _storeys_of_elements,
        _storeys,
    )
    found = [finding for check in checks for finding in check(tables)]
    found += _not_connected(tables, groups)
    order = {code: number for number, code in enumerate(TITLES)}
    found.sort(key=lambda f: order.get(f.code, len(order)))
    shown = tuple(RoomGroup(tuple(tables.guid(i) for i in rooms), exits) for rooms, exits in groups)
    return QualityReport(tuple(found), shown)


def _warnings(t: ModelTables) -> Iterator[Finding]:
    """What the pipeline said when it read the model."""
    names = {element.guid: element.element_index for element in t.elements}
    for warning in t.warnings:
        guid = warning.get("guid")
        of = f"{t.label(names[guid])}: " if guid in names else ""
        yield Finding(str(warning["code"]), of + str(warning["message"]), (str(guid),) if guid else ())


def _rooms(t: ModelTables) -> Iterator[Finding]:
    if not t.spaces:
        yield Finding("no_rooms", "the model has neither spaces nor walls that enclose any", ())
    joined = {side for portal in t.portals for side in (portal.space_a, portal.space_b)}
    for space in t.spaces:
        label = t.label(space.element_index)
        if space.footprint.is_empty:
            yield Finding("space_without_shape", f"{label} has no volume", (space.guid,))
        elif space.element_index not in joined:
            text = f"{label}, {space.area_m2:.1f} m2: no door, passage or stair"
            yield Finding("space_unconnected", text, (space.guid,))


def _overlaps(t: ModelTables) -> Iterator[Finding]:
    spaces = [space for space in t.spaces if not space.footprint.is_empty]
    outlines = np.array([space.footprint for space in spaces], dtype=object)
    if not spaces:
        return
    pairs = shapely.STRtree(outlines).query(outlines, predicate="intersects").T
    for one, other in sorted((int(a), int(b)) for a, b in pairs if a < b):
        a, b = spaces[one], spaces[other]
        shared_height = min(a.floor_z_m + a.height_m, b.floor_z_m + b.height_m) - max(
            a.floor_z_m, b.floor_z_m
        )
        if shared_height < OVERLAP_HEIGHT_M:
            continue
        area = float(shapely.intersection(a.footprint, b.footprint).area)
        if area > max(OVERLAP_M2, OVERLAP_SHARE * min(a.area_m2, b.area_m2)):
            text = f"{t.label(a.element_index)} and {t.label(b.element_index)} share {area:.1f} m2"
            yield Finding("spaces_overlap", text, (a.guid, b.guid))


def _doors(t: ModelTables) -> Iterator[Finding]:
    if not t.spaces:
        return
    for portal in t.portals:
        if portal.kind != "door" or portal.element_index is None:
            continue
        rooms = [side for side in (portal.space_a, portal.space_b) if side is not None]
        label, guid = t.label(portal.element_index), t.guid(portal.element_index)
        outside = t.door_facts.get(portal.element_index, {}).get("IsExternal") is True
        if not rooms:
            yield Finding("door_of_no_room", label, (guid,))
        elif len(rooms) == 1 and not outside:
            room = rooms[0]
            text = f"{label}: {t.label(room)} on one side, nothing on the other"
            yield Finding("door_of_one_room", text, (guid, t.guid(room)))


def _boundaries(t: ModelTables) -> Iterator[Finding]:
    """Doors of which the model says other rooms than stand beside them, where it says anything."""
    said: dict[int, set[int]] = defaultdict(set)
    for space, element in t.boundaries:
        said[element].add(space)
    for portal in t.portals:
        door = portal.element_index
        if portal.kind != "door" or door is None or not said[door]:
            continue
        found = {side for side in (portal.space_a, portal.space_b) if side is not None}
        if found != said[door]:
            text = (
                f"{t.label(door)}: boundaries name {_names(t, said[door])}, it stands at {_names(t, found)}"
            )
            guids = (t.guid(door), *(t.guid(i) for i in sorted(found ^ said[door])))
            yield Finding("boundary_differs", text, guids)


def _names(t: ModelTables, rooms: set[int]) -> str:
    return " and ".join(t.label(room) for room in sorted(rooms)) or "no room"


def _climbs(t: ModelTables) -> Iterator[Finding]:
    if not t.spaces:
        return
    for portal in t.portals:
        if portal.kind in ("stair", "ramp", "lift") and portal.element_index is not None:
            ends = [end for end, side in (("foot", portal.space_a), ("top", portal.space_b)) if side is None]
            if ends:
                text = f"{t.label(portal.element_index)}: no room at its {' and '.join(ends)}"
                yield Finding("stair_unjoined", text, (t.guid(portal.element_index),))


def _storeys_of_elements(t: ModelTables) -> Iterator[Finding]:
    levels = {storey.element_index: storey for storey in t.storeys}
    spaces = {space.element_index: space for space in t.spaces}
    if not levels:
        yield Finding("no_storeys", f"none of {len(t.elements)} elements is on a storey", ())
        return
    for element in t.elements:
        if element.box is None or element.ifc_class in _PLACES:
            continue
        label = t.label(element.element_index)
        if element.storey_index is None:
            if not _is_outdoors(t, element):
                yield Finding("no_storey", label, (element.guid,))
        elif not _is_in_room(element, spaces):
            storey = levels[element.storey_index]
            low, high = element.box[2] - storey.elevation_m, element.box[5] - storey.elevation_m
            if high < -OFF_STOREY_M or low > storey.height_m + OFF_STOREY_M:
                over = f"{low:+.1f} to {high:+.1f} m over '{storey.name}' ({storey.height_m:.1f} m high)"
                yield Finding("off_storey", f"{label}, {over}", (element.guid, storey.guid))


def _is_outdoors(t: ModelTables, element: Element) -> bool:
    """Whether an element stands on the site, as a tree does: it needs no storey."""
    seen = set[int]()
    index = element.parent_index
    while index is not None and index not in seen:
        if t.elements[index].ifc_class in ("IfcSite", "IfcExternalSpatialElement"):
            return True
        if t.elements[index].ifc_class == "IfcBuilding":
            return False
        seen.add(index)
        index = t.elements[index].parent_index
    return False


def _is_in_room(element: Element, spaces: Mapping[int, Space]) -> bool:
    """Whether an element is at the height of the room that it is in, which may be higher than its storey."""
    space = None if element.space_index is None else spaces.get(element.space_index)
    if space is None or element.box is None:
        return False
    top = space.floor_z_m + space.height_m
    return element.box[2] <= top + OFF_STOREY_M and element.box[5] >= space.floor_z_m - OFF_STOREY_M


def _storeys(t: ModelTables) -> Iterator[Finding]:
    by_building: dict[int | None, list[Storey]] = defaultdict(list)
    for storey in t.storeys:
        by_building[t.elements[storey.element_index].parent_index].append(storey)
    for storeys in by_building.values():
        for low, high in pairwise(storeys):
            apart = high.elevation_m - low.elevation_m
            guids = (low.guid, high.guid)
            if apart < SAME_LEVEL_M:
                text = f"'{low.name}' and '{high.name}' are {apart:.2f} m apart"
                yield Finding("storeys_at_one_level", text, guids)
            elif apart < LOW_STOREY_M:
                yield Finding("storey_low", f"'{low.name}' is {apart:.2f} m high", guids[:1])


def _groups(t: ModelTables) -> list[tuple[list[int], int]]:
    """The rooms that one can walk between, with the doors that lead outside, the largest group first."""
    indices = [space.element_index for space in t.spaces if not space.footprint.is_empty]
    place: dict[int | None, int | None] = {index: number for number, index in enumerate(indices)}
    place[None] = None
    ends = [(place.get(p.space_a), place.get(p.space_b)) for p in t.portals]
    inner = [(a, b) for a, b in ends if a is not None and b is not None]
    rows, columns = np.array(inner, dtype=np.int64).reshape(-1, 2).T
    label = connected_parts(len(indices), rows, columns)
    exits = [0] * (int(label.max(initial=-1)) + 1)
    for portal, (a, b) in zip(t.portals, ends, strict=True):
        if portal.kind == "door" and (a is None) != (b is None):
            exits[int(label[a if b is None else b])] += 1
    members = [[indices[i] for i in np.flatnonzero(label == group)] for group in range(len(exits))]
    return sorted(zip(members, exits, strict=True), key=lambda group: (-len(group[0]), group[0]))


def _not_connected(t: ModelTables, groups: Sequence[tuple[list[int], int]]) -> Iterator[Finding]:
    """Groups that cannot be walked to from the largest one, without rooms that nothing leads into."""
    joined = {side for portal in t.portals for side in (portal.space_a, portal.space_b)}
    for rooms, exits in groups[1:]:
        if len(rooms) == 1 and rooms[0] not in joined:
            continue
        shown = ", ".join(t.label(room) for room in rooms[:3]) + (", ..." if len(rooms) > 3 else "")
        way = f"{exits} doors to the outside" if exits else "no door to the outside either"
        text = f"{len(rooms)} rooms ({shown}), {way}"
        yield Finding("not_connected", text, tuple(t.guid(room) for room in rooms))
