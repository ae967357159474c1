"""A model package as an IMDF archive (OGC 20-094): venue, buildings, levels, units, openings, amenities.

Reads an open package; writes nothing. The same package gives the same features with the same ids.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from spatial.errors import UnknownPlaceError
from spatial.model import Element, ElementFilter, Portal, Space, Storey
from spatial.package import ModelPackage
from twin.errors import ExportError
from twin.export import features
from twin.export.categories import (
    AMENITY_CLASSES,
    AMENITY_OF_UNIT,
    VENUE_CATEGORIES,
    element_amenity,
    restriction,
    unit_category,
)
from twin.export.earth import Earth
from twin.export.identity import derived_id, element_id
from twin.export.outlines import GeoJson, Outlines, floor_outline, polygons

_SOLID_KINDS = frozenset({"wall", "column", "stair", "lift"})
_LEAST_OPENING_M = 0.3


@dataclass(frozen=True, slots=True)
class Address:
    """Where the post goes: `country` is ISO 3166-1, `province` ISO 3166-2 or None."""

    street: str
    locality: str
    country: str
    province: str | None = None


@dataclass(frozen=True, slots=True)
class VenueFacts:
    """What IMDF wants to know and a model does not tell."""

    name: str = ""
    name_en: str = ""
    category: str = "communitycenter"
    language: str = "en"
    hours: str | None = None
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """The features by type, as FEATURE_TYPES names them, and what the user should know."""

    features: Mapping[str, tuple[GeoJson, ...]]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """A storey that has a floor: `area` in local metres."""

    storey: Storey
    identifier: str
    building: str
    ordinal: int
    area: BaseGeometry
    spaces: tuple[Space, ...]


def build_archive(package: ModelPackage, earth: Earth, facts: VenueFacts) -> Archive:
    """Give all the features of a package.

    Raises ExportError where there is no storey with a floor, or the venue's category is none of IMDF's.
    """
    if facts.category not in VENUE_CATEGORIES:
        known = ", ".join(sorted(VENUE_CATEGORIES))
        raise ExportError(f"IMDF has no venue category {facts.category!r}; choose one of {known}")
    return _Builder(package, earth, facts).archive()


def ordinals(elevations_m: Sequence[float]) -> list[int]:
    """Number the levels of one building: 0 is the one nearest to height 0, upwards 1, 2, downwards -1, -2.

    elevations_m: of each level, in the source's heights, in any order. Levels at one height keep their order.
    """
    if not elevations_m:
        return []
    order = sorted(range(len(elevations_m)), key=lambda i: (elevations_m[i], i))
    ground = min(range(len(order)), key=lambda place: (abs(elevations_m[order[place]]), place))
    found = [0] * len(order)
    for place, level in enumerate(order):
        found[level] = place - ground
    return found


def opening_ends(portal: Portal) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The line of a door or passage, (2, 2) local x, y, m: across the way from side a to side b."""
    a, b = np.array(portal.a[:2]), np.array(portal.b[:2])
    way = b - a
    length = float(np.hypot(*way))
    along = np.array([-way[1], way[0]]) / length if length > 1e-9 else np.array([1.0, 0.0])
    half = along * max(portal.width_m, _LEAST_OPENING_M) / 2
    middle = (a + b) / 2
    return np.stack([middle - half, middle + half])


@dataclass(eq=False)
class _Builder:
    """One export under way."""

    package: ModelPackage
    earth: Earth
    facts: VenueFacts
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.outlines = Outlines(self.earth)

    def archive(self) -> Archive:
        if not self.levels:
            raise ExportError(
                "no storey of this model has a floor with rooms or walls, so IMDF has nothing to show; "
                "look at it with twin inspect DIR --quality"
            )
        found = {
            "address": self.address(),
            "venue": [self.venue()],
            "building": self.buildings(),
            "footprint": list(self.footprints()),
            "level": [self.level(level) for level in self.levels],
            "unit": list(self.units()),
            "opening": list(self.openings()),
            "amenity": list(self.amenities()),
        }
        self._warn()
        warnings = tuple(dict.fromkeys([*self.earth.warnings, *self.warnings]))
        return Archive({kind: tuple(found[kind]) for kind in features.FEATURE_TYPES}, warnings)

    def _warn(self) -> None:
        if self.facts.address is None:
            self.warnings.append(
                "IMDF wants an address of the venue: give --address, --locality and --country"
            )
        without = [
            storey.name for storey in self.package.storeys if storey.element_index not in self.level_of
        ]
        if without:
            self.warnings.append(f"no level for storeys without rooms and walls: {', '.join(without)}")

    # Levels and buildings

    @cached_property
    def building_of(self) -> Mapping[int, Element | None]:
        """The building of each storey, by the storey's element index."""
        return {storey.element_index: self._building(storey) for storey in self.package.storeys}

    def _building(self, storey: Storey) -> Element | None:
        seen: set[int] = set()
        here: int | None = storey.element_index
        while here is not None and here not in seen:
            seen.add(here)
            element = self.package.element_at(here)
            if element.ifc_class == "IfcBuilding":
                return element
            here = element.parent_index
        return None

    def _building_id(self, storey: Storey) -> str:
        building = self.building_of[storey.element_index]
        return element_id(building.guid) if building else derived_id("building", self.package.manifest.name)

    @cached_property
    def spaces_on(self) -> Mapping[int, tuple[Space, ...]]:
        """The spaces on each storey; one without a storey is on the highest that is not above its floor."""
        found: dict[int, list[Space]] = defaultdict(list)
        for space in self.package.spaces:
            found[self._storey_of(space)].append(space)
        return {storey: tuple(spaces) for storey, spaces in found.items()}

    def _storey_of(self, space: Space) -> int:
        if space.storey_index in self.package.storey_by_index:
            return int(space.storey_index)
        storeys = self.package.storeys
        below = [storey for storey in storeys if storey.elevation_m <= space.floor_z_m + 0.5]
        return (below[-1] if below else storeys[0]).element_index

    @cached_property
    def levels(self) -> tuple[_Level, ...]:
        """The storeys that have a floor, by building and upwards."""
        by_building: dict[str, list[tuple[Storey, BaseGeometry]]] = defaultdict(list)
        for storey in self.package.storeys:
            area = self._floor(storey)
            if self.outlines.polygonal(area) is not None:
                by_building[self._building_id(storey)].append((storey, area))
        up = _source_height(self.package)
        return tuple(
            _Level(storey, element_id(storey.guid), building, ordinal, area, self._spaces(storey))
            for building, found in by_building.items()
            for (storey, area), ordinal in zip(
                found, ordinals([storey.elevation_m + up for storey, _ in found]), strict=True
            )
        )

    def _spaces(self, storey: Storey) -> tuple[Space, ...]:
        return self.spaces_on.get(storey.element_index, ())

    def _floor(self, storey: Storey) -> BaseGeometry:
        """What a storey's rooms and walls take up, local metres."""
        rooms: list[BaseGeometry] = [space.footprint for space in self._spaces(storey)]
        try:
            drawn = self.package.plan(storey)["features"]
        except UnknownPlaceError:
            drawn = []
        solids = [shape(f["geometry"]) for f in drawn if f["properties"]["kind"] in _SOLID_KINDS]
        return floor_outline(rooms, [part for solid in solids for part in polygons(solid)])

    @cached_property
    def level_of(self) -> Mapping[int, _Level]:
        """Levels by their storey's element index."""
        return {level.storey.element_index: level for level in self.levels}

    def level(self, level: _Level) -> GeoJson:
        storey = level.storey
        outdoor = bool(level.spaces) and all(self._is_outdoors(space) for space in level.spaces)
        return features.level(
            level.identifier,
            self._polygonal(level.area),
            self._labels(storey.long_name or storey.name, storey.name_en, str(level.ordinal)),
            self._labels(storey.name, "", str(level.ordinal)),
            level.ordinal,
            self.outlines.inside(level.area),
            level.building,
            storey.guid,
            outdoor=outdoor,
        )

    def _polygonal(self, area: BaseGeometry) -> GeoJson:
        found = self.outlines.polygonal(area)
        if found is None:
            raise ExportError(
                "an outline of this model is smaller than a millimetre; build the package again"
            )
        return found

    def _labels(self, name: str, name_en: str, otherwise: str) -> features.Labels:
        language = self.facts.language
        return features.labels(name, name_en, language) or {language: otherwise}

    # Venue

    def address(self) -> list[GeoJson]:
        told = self.facts.address
        if told is None:
            return []
        found = features.address(
            self._address_id or "", told.street, told.locality, told.province, told.country
        )
        return [found]

    @property
    def _address_id(self) -> str | None:
        return derived_id("address", self._site_name) if self.facts.address else None

    @property
    def _site_name(self) -> str:
        sites = self.package.find(ElementFilter(classes=("IfcSite",)), 1).items
        return sites[0].guid if sites else self.package.manifest.name

    def venue(self) -> GeoJson:
        whole = shapely.convex_hull(shapely.union_all([level.area for level in self.levels]))
        facts = self.facts
        return features.venue(
            derived_id("venue", self._site_name),
            self._polygonal(whole),
            self._labels(facts.name or self.package.manifest.name, facts.name_en, self._site_name),
            facts.category,
            self.outlines.inside(whole),
            self._address_id,
            facts.hours,
        )

    def buildings(self) -> list[GeoJson]:
        found: dict[str, GeoJson] = {}
        for level in self.levels:
            if level.building in found:
                continue
            element = self.building_of[level.storey.element_index]
            name = (element.long_name or element.name) if element else self.package.manifest.name
            found[level.building] = features.building(
                level.building,
                features.labels(name, element.name_en if element else "", self.facts.language),
                self.outlines.inside(self._ground(level.building)),
                self._address_id,
                element.guid if element else None,
            )
        return list(found.values())

    def _ground(self, building: str) -> BaseGeometry:
        """The floor of a building's ground level."""
        return next(level.area for level in self.levels if level.building == building and level.ordinal == 0)

    def footprints(self) -> Iterator[GeoJson]:
        for building in dict.fromkeys(level.building for level in self.levels):
            geometry = self._polygonal(self._ground(building))
            yield features.footprint(derived_id("footprint", building), geometry, building)

    # Units

    def _is_outdoors(self, space: Space) -> bool:
        return (self.package.element_at(space.element_index).predefined_type or "").upper() == "EXTERNAL"

    @cached_property
    def category_of(self) -> Mapping[int, str]:
        """The unit's category of each space, by element index."""
        return {
            space.element_index: unit_category(
                space.function, space.name_en, space.long_name, space.name, outdoors=self._is_outdoors(space)
            )
            for space in self.package.spaces
        }

    def units(self) -> Iterator[GeoJson]:
        for level in self.levels:
            for space in level.spaces:
                geometry = self.outlines.polygonal(space.footprint)
                if geometry is None:
                    self.warnings.append(f"space {space.guid} has no area, it is left out")
                    continue
                yield self._unit(level, space, geometry)

    def _unit(self, level: _Level, space: Space, geometry: GeoJson) -> GeoJson:
        category, language = self.category_of[space.element_index], self.facts.language
        name = features.labels(space.long_name or space.name, space.name_en, language)
        number = features.labels(space.name, "", language) if space.long_name else None
        return features.unit(
            element_id(space.guid),
            geometry,
            category,
            restriction(category),
            name,
            number,
            level.identifier,
            self.outlines.inside(space.footprint),
            space.guid,
        )

    # Openings

    def openings(self) -> Iterator[GeoJson]:
        seen: set[str] = set()
        lost = 0
        for portal in self.package.portals:
            if portal.kind not in ("door", "opening"):
                continue
            level = self._portal_level(portal)
            if level is None:
                lost += 1
                continue
            found = self._opening(portal, level, seen)
            seen.add(found["id"])
            yield found
        if lost:
            self.warnings.append(f"{lost} doors and passages are on no level, they are left out")

    def _portal_level(self, portal: Portal) -> _Level | None:
        """The level of a portal: of its rooms, else of its own element."""
        spaces = self.package.space_by_index
        sides = [spaces[side] for side in (portal.space_a, portal.space_b) if side in spaces]
        storeys = [self._storey_of(space) for space in sides]
        if portal.element_index is not None:
            own = self.package.element_at(portal.element_index).storey_index
            storeys += [] if own is None else [own]
        return next((self.level_of[storey] for storey in storeys if storey in self.level_of), None)

    def _opening(self, portal: Portal, level: _Level, seen: set[str]) -> GeoJson:
        door = None if portal.element_index is None else self.package.element_at(portal.element_index)
        identifier = element_id(door.guid) if door else self._passage_id(portal)
        if identifier in seen:
            identifier = derived_id("opening", identifier, portal.portal_index)
        kind = {"type": "open" if portal.kind == "opening" else None, "automatic": None, "material": None}
        return features.opening(
            identifier,
            self.outlines.line(opening_ends(portal)),
            "pedestrian.principal" if self._leads_out(portal) else "pedestrian",
            kind,
            features.labels(door.name, door.name_en, self.facts.language) if door else None,
            level.identifier,
            door.guid if door else None,
        )

    def _passage_id(self, portal: Portal) -> str:
        """The id of a passage without an element: of its rooms and its place to a centimetre."""
        spaces = self.package.space_by_index
        sides = [spaces[side].guid for side in (portal.space_a, portal.space_b) if side in spaces]
        place = [f"{(a + b) / 2:.2f}" for a, b in zip(portal.a, portal.b, strict=True)]
        return derived_id("opening", *sorted(sides), *place)

    def _leads_out(self, portal: Portal) -> bool:
        """Whether a portal joins the inside with the outside."""
        spaces = self.package.space_by_index
        sides = [side for side in (portal.space_a, portal.space_b) if side in spaces]
        outdoors = [self._is_outdoors(spaces[side]) for side in sides] + [True] * (2 - len(sides))
        return bool(sides) and any(outdoors) and not all(outdoors)

    # Amenities

    @cached_property
    def lift_of(self) -> Mapping[int, str]:
        """The lift that serves a space, as the correlation of its stops; by element index."""
        found: dict[int, str] = {}
        for portal in self.package.portals:
            if portal.kind == "lift" and portal.element_index is not None:
                lift = derived_id("lift", self.package.element_at(portal.element_index).guid)
                for side in (portal.space_a, portal.space_b):
                    if side is not None:
                        found.setdefault(side, lift)
        return found

    def amenities(self) -> Iterator[GeoJson]:
        """Each once: two flights may begin at one place."""
        yield from {found["id"]: found for found in self._all_amenities()}.values()

    def _all_amenities(self) -> Iterator[GeoJson]:
        served: set[tuple[int, str]] = set()
        for level in self.levels:
            for space in level.spaces:
                category = AMENITY_OF_UNIT.get(self.category_of[space.element_index])
                if category is not None and not space.footprint.is_empty:
                    served.add((space.element_index, category))
                    yield self._room_amenity(space, category)
        yield from self._stair_amenities(served)
        yield from self._element_amenities(served)

    def _room_amenity(self, space: Space, category: str) -> GeoJson:
        return features.amenity(
            derived_id("amenity", space.guid, category),
            self.outlines.inside(space.footprint),
            category,
            features.labels(space.long_name or space.name, space.name_en, self.facts.language),
            [element_id(space.guid)],
            self.lift_of.get(space.element_index) if category == "elevator" else None,
            space.guid,
        )

    def _stair_amenities(self, served: set[tuple[int, str]]) -> Iterator[GeoJson]:
        """Stairs and ramps where one steps onto them, in rooms that are no stairwells."""
        names = {"stair": "stairs", "ramp": "ramp"}
        for portal in self.package.portals:
            category = names.get(portal.kind)
            if category is None:
                continue
            for index, place in ((portal.space_a, portal.a), (portal.space_b, portal.b)):
                if index in self.package.space_by_index and (index, category) not in served:
                    space = self.package.space_by_index[index]
                    identifier = derived_id(
                        "amenity", space.guid, category, f"{place[0]:.2f}", f"{place[1]:.2f}"
                    )
                    point = self.outlines.point(place[0], place[1])
                    yield features.amenity(identifier, point, category, None, [element_id(space.guid)])

    def _element_amenities(self, served: set[tuple[int, str]]) -> Iterator[GeoJson]:
        """Lifts, vending machines and the like that stand in a room."""
        for element in self.package.iterate(ElementFilter(classes=AMENITY_CLASSES)):
            category = element_amenity(element.ifc_class, element.predefined_type)
            space = self.package.space_by_index.get(
                -1 if element.space_index is None else element.space_index
            )
            if category is None or space is None or element.box is None:
                continue
            if (space.element_index, category) in served:
                continue
            x, y = (element.box[0] + element.box[3]) / 2, (element.box[1] + element.box[4]) / 2
            yield features.amenity(
                element_id(element.guid),
                self.outlines.point(x, y),
                category,
                features.labels(element.name, element.name_en, self.facts.language),
                [element_id(space.guid)],
                derived_id("lift", element.guid) if category == "elevator" else None,
                element.guid,
            )


def _source_height(package: ModelPackage) -> float:
    """How much higher a point is in the source's heights than in local ones, m."""
    numbers = package.manifest.raw.get("local_from_source")
    return -float(numbers[11]) if numbers else 0.0
